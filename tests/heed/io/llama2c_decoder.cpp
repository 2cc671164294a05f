// SPDX-License-Identifier: MIT
// The stories that llama2.c tells with a trained model of 260,000 parameters: logits, and 200 tokens of text
// through the tokenizer.
#include <heed/io/llama2c_decoder.hpp>
#include <heed/models.hpp>

#include "support/data.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace heed {
namespace {

// The model, or what tests/golden has of it: one layer.
class Llama2cDecoder : public testing::TestWithParam<std::filesystem::path> {};

INSTANTIATE_TEST_SUITE_P(Folders, Llama2cDecoder,
                         testing::ValuesIn(support::data_folders("models/stories260K")));

const std::vector<index> story{1,   403, 407, 261, 378, 432, 383, 286,
                               261, 376, 298, 315, 421, 395, 317, 426};

// As in conformance/stories260k.cpp: a rounding for each product in the longest sum of a layer.
TEST_P(Llama2cDecoder, Logits) {
  const std::vector<char> bytes = support::read_file<char>(GetParam() / "logits_golden.bin");
  matrix<float> golden(16, 512);
  ASSERT_EQ(bytes.size(), static_cast<std::size_t>(golden.size()) * sizeof(float));
  std::memcpy(golden.data(), bytes.data(), bytes.size());
  const double bound = 5 * 172 * 0x1p-24 * static_cast<double>(golden.cwiseAbs().maxCoeff());
  const language_model model = load_llama2c_model(GetParam() / "stories260K.bin");
  EXPECT_LT((model.logits(story) - golden).cwiseAbs().maxCoeff(), bound);
}

TEST_P(Llama2cDecoder, TellsTheStory) {
  const std::vector<char> golden = support::read_file<char>(GetParam() / "golden_greedy_200.txt");
  const language_model model = load_language_model(GetParam() / "stories260K.bin");
  const tokenizer text = load_tokenizer((GetParam() / "tok512.bin").string());
  const std::vector<index> prompt = text.encode("Once upon a time");
  EXPECT_EQ(prompt, std::vector<index>(story.begin(), story.begin() + 5));
  for (const index guess : {0, 1, 3, 8}) {
    std::vector<index> ids = prompt;
    for (const index id : model.generate(prompt, {.tokens = 196, .guess = guess}))
      ids.push_back(id);
    EXPECT_EQ(ids.size(), 201u);
    EXPECT_EQ(text.decode(ids, {.skip_special_tokens = true}) + '\n',
              std::string(golden.begin(), golden.end()));
  }
}

}  // namespace
}  // namespace heed
