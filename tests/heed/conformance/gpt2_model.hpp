// SPDX-License-Identifier: MIT
// A GPT-2 of heed's layers, with the names that its weights have in files.
#pragma once

#include "model_parts.hpp"

namespace conformance {

template <class Scalar>
struct gpt2_block {
  layer_norm<Scalar> before_attention;
  heed::fused_qkv_projection<Scalar> project;
  heed::linear<Scalar> output;
  layer_norm<Scalar> before_mlp;
  heed::linear<Scalar> up, down;
};

template <class Scalar>
class gpt2 {
 public:
  heed::heads heads;
  heed::token_embedding<Scalar> words;
  heed::position_embedding<Scalar> places;
  std::vector<gpt2_block<Scalar>> blocks;
  layer_norm<Scalar> last;
  matrix<Scalar> head;  // (vocabulary, model)

  gpt2(const safetensors& file, index head_count, stored order)
      : heads{head_count},
        words(words_from<Scalar>(file["transformer.wte.weight"])),
        places(places_from<Scalar>(file["transformer.wpe.weight"])),
        last(norm(file, "transformer.ln_f")),
        head(file.contains("lm_head.weight") ? matrix_from<Scalar>(file["lm_head.weight"])
                                             : words.weight) {
    const auto prefix = [&] { return "transformer.h." + std::to_string(blocks.size()) + '.'; };
    while (file.contains(prefix() + "ln_1.weight")) {
      const std::string name = prefix();
      gpt2_block<Scalar> block{
          norm(file, name + "ln_1"),
          heed::fused_qkv_projection<Scalar>({words.weight.cols(), head_count}),
          linear_from<Scalar>(file, name + "attn.c_proj", order),
          norm(file, name + "ln_2"),
          linear_from<Scalar>(file, name + "mlp.c_fc", order),
          linear_from<Scalar>(file, name + "mlp.c_proj", order)};
      block.project.all = linear_from<Scalar>(file, name + "attn.c_attn", order);
      blocks.push_back(std::move(block));
    }
  }

  // Logits, (tokens, vocabulary).
  [[nodiscard]] matrix<Scalar> operator()(const token_batch& batch) const {
    matrix<Scalar> x = embed(words, places, batch);
    for (const auto& block : blocks) {
      const auto qkv = block.project(block.before_attention(x));
      const matrix<Scalar> attended = heed::attention(
          block.project.query(qkv), block.project.key(qkv), block.project.value(qkv), heads,
          heed::packed(batch.starts), heed::causal);
      x += block.output(attended);
      const matrix<Scalar> hidden = block.up(block.before_mlp(x)).unaryExpr(&gelu_tanh<Scalar>);
      x += block.down(hidden);
    }
    return last(x) * head.transpose();
  }

 private:
  static layer_norm<Scalar> norm(const safetensors& file, const std::string& name) {
    return {row_from<Scalar>(file[name + ".weight"]), row_from<Scalar>(file[name + ".bias"])};
  }
};

}  // namespace conformance
