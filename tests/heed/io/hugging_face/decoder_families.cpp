// SPDX-License-Identifier: MIT
// Published families of decoders against golden values of Hugging Face's transformers: logits of all 52
// positions, chunked prefill to the bit, greedy tokens with a cache and without.
#include "support/bytes.hpp"
#include "support/golden.hpp"

#include <heed/io/hugging_face/load_decoder.hpp>
#include <heed/io/json_config.hpp>
#include <heed/io/read_tensor_file.hpp>
#include <heed/io/safetensors_writer.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::family_test;
using support::golden;

class decoder_families : public ::testing::TestWithParam<family_test> {
 protected:
  void SetUp() override {
    const auto found = GetParam().find();
    if (!found) GTEST_SKIP() << GetParam().missing();
    folder = *found;
  }
  [[nodiscard]] heed::decoder<float> load() const {
    return heed::load_decoder(folder, GetParam().config);
  }
  [[nodiscard]] golden values() const { return golden(folder); }

  std::filesystem::path folder;
};

bool depends_on_length(const heed::decoder<float>& model) {
  const auto& rotary = model.blocks[0].attention.rotary;
  return rotary && rotary->depends_on_length();
}

// The token with the largest score in the last row.
index best(const matrix<float>& logits) {
  index token = 0;
  logits.row(logits.rows() - 1).maxCoeff(&token);
  return token;
}

TEST_P(decoder_families, give_the_golden_logits) {
  const golden want = values();
  const heed::decoder<float> model = load();
  const std::vector<index> ids = want.ids("all_ids");
  const matrix<float> logits = model(ids);
  const float error = (logits - want.rows("all_logits")).cwiseAbs().maxCoeff();
  EXPECT_LE(error, 2e-4f);
  RecordProperty("largest_error", std::to_string(error));

  auto cache = model.cache(64);
  for (const std::size_t chunk : {1u, 7u, 20u}) {
    cache.clear();
    matrix<float> chunked(logits.rows(), logits.cols());
    for (std::size_t i = 0; i < ids.size(); i += chunk) {
      const std::vector<index> some(ids.begin() + std::ptrdiff_t(i),
                                    ids.begin() + std::ptrdiff_t(std::min(ids.size(), i + chunk)));
      chunked.middleRows(index(i), index(some.size())) = model(some, cache);
    }
    if (!depends_on_length(model)) {
      EXPECT_EQ(chunked, logits) << chunk;
    }
  }
}

TEST_P(decoder_families, give_the_golden_hidden_states) {
  const golden want = values();
  const heed::decoder<float> model = load();
  const matrix<float> states = want.rows("hidden_states");  // (states * 52, model)
  matrix<float> x = model.embed(want.ids("all_ids"), 0);
  const index tokens = x.rows();
  ASSERT_EQ(states.rows(), tokens * index(model.blocks.size() + 1));
  for (std::size_t i = 0; i <= model.blocks.size(); ++i) {
    if (i > 0) model.blocks[i - 1](x);
    if (i == model.blocks.size()) heed::normalise(model.final_norm, x, x);
    EXPECT_LE((x - states.middleRows(index(i) * tokens, tokens)).cwiseAbs().maxCoeff(), 2e-4f) << i;
  }
}

// Where rotary positions depend on the length, keys in a cache keep those of their own time, so that the
// tokens differ: transformers has both.
TEST_P(decoder_families, continue_greedily_with_a_cache_and_without) {
  const golden want = values();
  const heed::decoder<float> model = load();
  const std::vector<index> prompt = want.ids("input_ids"), greedy = want.ids("greedy");

  std::vector<index> all = prompt;
  for (std::size_t i = 0; i < greedy.size(); ++i) all.push_back(best(model(all)));
  EXPECT_EQ(std::vector<index>(all.begin() + std::ptrdiff_t(prompt.size()), all.end()), greedy);

  auto cache = model.cache(64);
  std::vector<index> cached{best(model.next(prompt, cache))};
  while (cached.size() < greedy.size())
    cached.push_back(best(model.next(std::vector<index>{cached.back()}, cache)));
  const auto other =
      heed::read_json_config(folder / "golden.json").integers("greedy_with_transformers_cache");
  EXPECT_EQ(cached, other.empty() ? greedy : std::vector<index>(other.begin(), other.end()));
}

// A folder with the same config and all tensors rounded to bfloat16, kept as bfloat16 or as floats.
std::filesystem::path rounded_copy(const std::filesystem::path& folder, const char* config,
                                   bool as_floats, const support::temporary_folder& to) {
  const heed::tensor_file file = heed::read_tensor_file(folder);
  std::vector<std::vector<std::byte>> bytes;
  std::vector<heed::tensor_view> tensors;
  for (const heed::tensor_view& t : file.tensors()) {
    std::vector<float> numbers(static_cast<std::size_t>(t.size()));
    heed::detail::to_float(t, numbers.data());
    std::vector<std::byte> halves(numbers.size() * 2), floats(numbers.size() * 4);
    heed::detail::from_float(heed::dtype::bf16, numbers.data(), t.size(), halves.data());
    heed::detail::to_float(heed::dtype::bf16, halves.data(), t.size(), numbers.data());
    std::memcpy(floats.data(), numbers.data(), floats.size());
    bytes.push_back(as_floats ? floats : halves);
    tensors.push_back(t);
    tensors.back().type = as_floats ? heed::dtype::f32 : heed::dtype::bf16;
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].bytes = bytes[i];
  heed::write_safetensors(to / "model.safetensors", tensors);
  std::filesystem::copy_file(folder / config, to / config);
  return to.path();
}

// However rows were split, put in another order or transposed, weights that stay in the dtype of the file
// are those that become floats.
TEST_P(decoder_families, keep_weights_of_half_the_size) {
  const support::temporary_folder halves_folder, floats_folder;
  const heed::decoder<float> halves = heed::load_decoder(
      rounded_copy(folder, GetParam().config, false, halves_folder), GetParam().config);
  const heed::decoder<float> floats = heed::load_decoder(
      rounded_copy(folder, GetParam().config, true, floats_folder), GetParam().config);
  const std::vector<index> ids{5, 17, 3, 80, 44, 9, 9, 61, 2, 33};
  EXPECT_LE((halves(ids) - floats(ids)).cwiseAbs().maxCoeff(), 2e-5f);
}

INSTANTIATE_TEST_SUITE_P(
    all, decoder_families,
    ::testing::ValuesIn(support::both_configs(
        {"llama",   "llama3",   "llama-linear", "llama-dynamic", "llama-yarn",  "mistral",
         "smollm3", "granite",  "qwen2",        "qwen3",         "olmo2",       "gpt2",
         "cohere2", "cohere",   "stablelm",     "starcoder2",    "phi",         "mpt",
         "bloom",   "falcon",   "falcon-alibi", "opt",           "gpt-bigcode", "gptj",
         "gpt-neo", "gpt-neox", "mixtral",      "qwen3-moe",     "phi3",        "phi3-longrope",
         "gpt-oss", "gemma",    "gemma2",       "gemma3"})),
    [](const auto& tested) { return tested.param.name(); });

}  // namespace
