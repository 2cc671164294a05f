// SPDX-License-Identifier: MIT
// The logits of a trained byte-level decoder, whose attention is heed::multi_head_attention.
#include "model_parts.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

constexpr index heads = 4, layers = 2;

// Logits, (tokens, vocabulary).
matrix<double> logits_of(const safetensors& file, const token_batch& batch) {
  const auto norm = [&](const std::string& name) {
    return rms_norm<double>{row_from<double>(file[name + ".weight"])};
  };
  const auto linear = [&](const std::string& name) {
    return linear_from<double>(file, name, stored::outputs_inputs);
  };
  const auto words = words_from<double>(file["token_embed.weight"]);
  matrix<double> x = embed(words, places_from<double>(file["pos_embed.weight"]), batch);
  for (index i = 0; i < layers; ++i) {
    const std::string name = "layers." + std::to_string(i) + '.';
    heed::multi_head_attention<double> attend({x.cols(), heads});
    attend.query = linear(name + "wq");
    attend.key = linear(name + "wk");
    attend.value = linear(name + "wv");
    attend.output = linear(name + "wo");
    x += attend(norm(name + "attn_norm")(x), heed::packed(batch.starts), heed::causal);
    const matrix<double> hidden =
        linear(name + "fc1")(norm(name + "ffn_norm")(x)).unaryExpr(&gelu_erf<double>);
    x += linear(name + "fc2")(hidden);
  }
  return linear("output")(norm("final_norm")(x));
}

TEST(Tinyshakespeare, LogitsAndNextBytes) {
  for (const auto& folder : support::data_folders("models/tinyshakespeare-char")) {
    const safetensors golden(folder / "golden.safetensors");
    const token_batch batch(golden["tokens"]);
    const matrix<double> logits = logits_of(safetensors(folder / "model.safetensors"), batch);
    const tensor& expected = golden["logits"];
    EXPECT_EQ(difference("logits", logits, expected.rows<float>(), rounded_once(expected)), "");

    for (index s = 0; s < batch.sequences(); ++s) {
      index next = -1;
      logits.row((s + 1) * batch.length() - 1).maxCoeff(&next);
      EXPECT_EQ(next, golden["next"].data<std::int32_t>()[s]) << "after sequence " << s;
    }
  }
}

}  // namespace
}  // namespace conformance
