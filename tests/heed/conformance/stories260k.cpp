// SPDX-License-Identifier: MIT
// A trained Llama of 260,000 parameters that tells stories: rotary positions and 8 query heads over
// 4 key/value heads, as a whole and token by token.
#include "llama_model.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

constexpr index vocabulary = 512;

// The model, or what tests/golden has of it: one layer.
class Stories260K : public testing::TestWithParam<std::filesystem::path> {};

INSTANTIATE_TEST_SUITE_P(Folders, Stories260K,
                         testing::ValuesIn(support::data_folders("models/stories260K")));

const std::vector<index> story{1,   403, 407, 261, 378, 432, 383, 286,
                               261, 376, 298, 315, 421, 395, 317, 426};

template <class Scalar>
matrix<Scalar> at_once(const llama<Scalar>& model) {
  typename llama<Scalar>::memory memory;
  return model(story, memory);
}

// The golden numbers were computed in float: to first order, errors of one rounding for each
// product in the longest sum of a layer, for each layer, relative to the largest number.
TEST_P(Stories260K, Logits) {
  constexpr double layers = 5, longest_sum = 172;
  number_stream file(GetParam() / "logits_golden.bin");
  const matrix<float> golden = file.next_matrix(static_cast<index>(story.size()), vocabulary);
  ASSERT_TRUE(file.at_end());
  const double bound = layers * longest_sum * unit_roundoff<float> *
                       static_cast<double>(golden.cwiseAbs().maxCoeff());
  const std::filesystem::path path = GetParam() / "stories260K.bin";
  EXPECT_EQ(difference("in float", at_once(llama<float>(path)), golden, bound), "");
  EXPECT_EQ(difference("in double", at_once(llama<double>(path)), golden, bound), "");
}

// heed's own layers give a row the same bits however its sequence came; the head is Eigen's
// product, which does not, so the logits are compared to a few roundings.
TEST_P(Stories260K, TokenByTokenIsTheSame) {
  const llama<double> model(GetParam() / "stories260K.bin");
  const matrix<double> whole = at_once(model);
  llama<double>::memory memory;
  for (index i = 0; i < whole.rows(); ++i) {
    const matrix<double> one = model({story[static_cast<std::size_t>(i)]}, memory);
    EXPECT_EQ(difference("token " + std::to_string(i), one, whole.row(i), 1e-12), "");
  }
}

// The pieces of llama2.c's tokenizer file.
std::vector<std::string> pieces_of(const std::filesystem::path& path) {
  number_stream file(path);
  file.next<std::int32_t>();  // length of the longest piece
  std::vector<std::string> pieces;
  while (!file.at_end()) {
    file.next<float>();  // score, for merging
    pieces.push_back(file.next_text(file.next<std::int32_t>()));
  }
  return pieces;
}

TEST_P(Stories260K, TellsTheStoryInFloat) {
  constexpr std::size_t prompt_length = 5, length = 200, first_byte = 3;
  const llama<float> model(GetParam() / "stories260K.bin");
  const std::vector<std::string> pieces = pieces_of(GetParam() / "tok512.bin");
  ASSERT_EQ(pieces.size(), static_cast<std::size_t>(vocabulary));

  std::vector<index> ids(story.begin(), story.begin() + prompt_length);
  llama<float>::memory memory;
  matrix<float> logits = model(ids, memory);
  while (ids.size() <= length) {
    index next = -1;
    logits.bottomRows(1).row(0).maxCoeff(&next);
    ids.push_back(next);
    logits = model({next}, memory);
  }

  std::string told;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const auto id = static_cast<std::size_t>(ids[i]);
    const std::string& piece = pieces[id];
    if (piece.size() == 6 && piece.starts_with("<0x"))
      told += static_cast<char>(id - first_byte);
    else
      told += i == 1 && piece.starts_with(' ') ? piece.substr(1) : piece;
  }
  const std::vector<char> golden = support::read_file<char>(GetParam() / "golden_greedy_200.txt");
  EXPECT_EQ(told + '\n', std::string(golden.begin(), golden.end()));
}

}  // namespace
}  // namespace conformance
