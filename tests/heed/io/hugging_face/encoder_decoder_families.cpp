// SPDX-License-Identifier: MIT
// Published families of encoder-decoders against golden values of Hugging Face's transformers: both sides, 32
// greedy tokens, and the same bits token by token.
#include "support/bytes.hpp"
#include "support/golden.hpp"

#include <heed/io/hugging_face/load_encoder_decoder.hpp>
#include <heed/io/read_tensor_file.hpp>
#include <heed/io/safetensors_writer.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::family_test;
using support::golden;
using support::largest_error;

class encoder_decoder_families : public ::testing::TestWithParam<family_test> {};

// What the encoder makes of the golden source: tokens, or features, whose frames are columns there.
matrix<float> read_source(const heed::encoder_decoder<float>& model, const golden& want) {
  if (want.contains("input_ids")) return model.encoder.hidden(want.ids("input_ids"));
  return model.encoder.hidden_of_features(matrix<float>(want.rows("input_features").transpose()));
}

// 32 tokens from the start.
std::vector<index> greedy_tokens(const heed::encoder_decoder<float>& model,
                                 heed::encoder_decoder_cache<float>& cache) {
  cache.clear();
  std::vector<index> tokens{model.start_id};
  for (int i = 0; i < 32; ++i) {
    index best = 0;
    model.next(std::vector{tokens.back()}, cache).row(0).maxCoeff(&best);
    tokens.push_back(best);
  }
  tokens.erase(tokens.begin());
  return tokens;
}

TEST_P(encoder_decoder_families, give_the_golden_scores_and_tokens) {
  const auto found = GetParam().find();
  if (!found) GTEST_SKIP() << GetParam().missing();
  const std::filesystem::path& folder = *found;
  const golden want(folder);
  const heed::encoder_decoder<float> model = heed::load_encoder_decoder(folder, GetParam().config);

  const matrix<float> read = read_source(model, want);
  const float encoder_error = largest_error(read, want.rows("encoder_last_hidden_state"));
  EXPECT_LE(encoder_error, 2e-4f);

  const std::vector<index> ids = want.ids("decoder_input_ids");
  EXPECT_EQ(model.start_id, ids.front());
  auto cache = model.cache(read, 40);
  const matrix<float> logits = model(ids, cache);
  const float error = largest_error(logits, want.rows("logits"));
  EXPECT_LE(error, 2e-4f);
  std::cout << "largest error: encoder " << encoder_error << ", logits " << error << std::endl;

  for (const std::size_t chunk : {1u, 7u, 20u}) {
    cache.clear();
    matrix<float> chunked(logits.rows(), logits.cols());
    for (std::size_t i = 0; i < ids.size(); i += chunk) {
      const std::vector<index> some(ids.begin() + std::ptrdiff_t(i),
                                    ids.begin() + std::ptrdiff_t(std::min(ids.size(), i + chunk)));
      chunked.middleRows(index(i), index(some.size())) = model(some, cache);
    }
    EXPECT_EQ(chunked, logits) << chunk;
  }

  EXPECT_EQ(greedy_tokens(model, cache), want.ids("greedy"));
}

// The golden values of marian were made with positions that its folder does not hold, so this compares with
// what transformers 5.24 gives for the folder, in double.
TEST(marian, gives_what_transformers_gives_for_its_folder) {
  const auto data = support::data_folder("families/marian");
  if (!data) GTEST_SKIP() << support::data_is_missing("families/marian");
  const golden given(*data);
  for (const char* const config : {"config.json", "config.v4.json"}) {
    const heed::encoder_decoder<float> model = heed::load_encoder_decoder(*data, config);
    const matrix<float> read = read_source(model, given);
    auto cache = model.cache(read, 40);
    const matrix<float> logits = model(given.ids("decoder_input_ids"), cache);
    using row = Eigen::RowVector4f;
    const auto near = [](const row& found, const row& wanted) {
      EXPECT_LE((found - wanted).cwiseAbs().maxCoeff(), 1e-5f);
    };
    near(read.row(0).head(4), row(0.661151f, 1.420776f, -0.214032f, -0.036028f));
    near(read.row(19).tail(4), row(-0.953288f, 0.320678f, 0.537113f, -1.160186f));
    near(logits.row(0).head(4), row(0.328226f, -1.153907f, 0.018854f, 1.520182f));
    near(logits.row(32).tail(4), row(-0.558792f, -1.282492f, 0.98756f, 0.256847f));
    EXPECT_EQ(greedy_tokens(model, cache), std::vector<index>(32, 65));
  }
}

// Where nothing is tied, transformers 5 writes a table of words for each side.
TEST(bart, reads_the_tables_of_both_sides_where_nothing_is_tied) {
  const auto data = support::data_folder("families/bart");
  if (!data) GTEST_SKIP() << support::data_is_missing("families/bart");
  std::ifstream file(*data / "config.json");
  std::string config(std::istreambuf_iterator<char>(file), {});
  const std::string tied = "\"tie_word_embeddings\": true";
  ASSERT_NE(config.find(tied), config.npos);
  config.replace(config.find(tied), tied.size(), "\"tie_word_embeddings\": false");

  const heed::tensor_file given = heed::read_tensor_file(*data);
  std::vector<heed::tensor_view> tensors(given.tensors().begin(), given.tensors().end());
  std::vector<std::vector<float>> tables(3, std::vector<float>(96 * 48));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i][48] = static_cast<float>(i + 1);  // the first number of token 1
    heed::tensor_view table{i == 0   ? "model.encoder.embed_tokens.weight"
                            : i == 1 ? "model.decoder.embed_tokens.weight"
                                     : "lm_head.weight",
                            heed::dtype::f32,
                            {96, 48},
                            std::as_bytes(std::span(tables[i]))};
    tensors.push_back(std::move(table));
  }
  const support::temporary_folder untied;
  untied.write("config.json", std::string_view(config));
  heed::write_safetensors(untied / "model.safetensors", tensors);

  const heed::encoder_decoder<float> model = heed::load_encoder_decoder(untied.path());
  const std::vector<index> id{1};
  EXPECT_EQ(model.encoder.words(id)(0, 0), 1.f);
  EXPECT_EQ(model.decoder.words(id)(0, 0), 2.f);
}

INSTANTIATE_TEST_SUITE_P(all, encoder_decoder_families,
                         ::testing::ValuesIn(support::both_configs({"t5", "bart", "whisper"})),
                         [](const auto& tested) { return tested.param.name(); });

}  // namespace
