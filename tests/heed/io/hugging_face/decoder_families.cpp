// SPDX-License-Identifier: MIT
// Published families of decoders against golden values of Hugging Face's transformers: logits of all 52
// positions, chunked prefill to the bit, greedy tokens with a cache and without.
#include "support/data.hpp"

#include <heed/io/hugging_face/load_decoder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using heed::index;
using heed::matrix;

struct golden {
  heed::tensor_file file;

  [[nodiscard]] std::vector<index> ids(const char* name) const {
    std::vector<float> numbers(static_cast<std::size_t>(file[name].size()));
    heed::detail::to_float(file[name], numbers.data());
    return {numbers.begin(), numbers.end()};
  }
  [[nodiscard]] matrix<float> rows(const char* name) const {
    const heed::tensor_view& t = file[name];
    matrix<float> numbers(t.rows(), t.cols());
    heed::detail::to_float(t, numbers.data());
    return numbers;
  }
};

struct family_test {
  const char* folder;
  const char* config;
};
void PrintTo(const family_test& t, std::ostream* out) { *out << t.folder << "_" << t.config; }

class decoder_families : public ::testing::TestWithParam<family_test> {};

TEST_P(decoder_families, give_the_golden_logits) {
  const auto folder = *support::data_folder("families") / GetParam().folder;
  const golden want{heed::read_safetensors(folder / "golden.safetensors")};
  const heed::decoder<float> model = heed::load_decoder(folder, GetParam().config);
  const std::vector<index> ids = want.ids("all_ids");
  const matrix<float> logits = model(ids);
  EXPECT_LE((logits - want.rows("all_logits")).cwiseAbs().maxCoeff(), 2e-4f);

  auto cache = model.cache(64);
  for (const std::size_t chunk : {1u, 7u, 20u}) {
    cache.clear();
    matrix<float> chunked(logits.rows(), logits.cols());
    for (std::size_t i = 0; i < ids.size(); i += chunk) {
      const std::vector<index> some(ids.begin() + std::ptrdiff_t(i),
                                    ids.begin() + std::ptrdiff_t(std::min(ids.size(), i + chunk)));
      chunked.middleRows(index(i), index(some.size())) = model(some, cache);
    }
    if (!model.blocks[0].attention.rotary || !model.blocks[0].attention.rotary->depends_on_length())
      EXPECT_EQ(chunked, logits) << chunk;
  }
}

const auto& families() {
  static const std::vector<family_test> all = [] {
    std::vector<family_test> tests;
    for (const char* folder : {"llama", "llama3", "llama-linear", "llama-dynamic", "llama-yarn",
                               "mistral", "smollm3", "granite", "qwen2", "qwen3", "olmo2", "gpt2"})
      for (const char* config : {"config.json", "config.v4.json"})
        tests.push_back({folder, config});
    return tests;
  }();
  return all;
}
INSTANTIATE_TEST_SUITE_P(all, decoder_families, ::testing::ValuesIn(families()),
                         [](const auto& info) {
                           std::string name =
                               std::string(info.param.folder) + "_" + info.param.config;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
