// SPDX-License-Identifier: MIT
// GPT BigCode, with SantaCoder and StarCoder: GPT-2 with one key/value head for all queries.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_gpt_bigcode(const config& c, model_weights& weights) {
  require_off(c, "add_cross_attention");
  leave_out(c, {"attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"});
  decoder_shape s = read_shape(c);
  const bool one = c.flag("multi_query", true);
  s.kv_heads = one ? 1 : s.heads;
  const index positions = c.count("n_positions");
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const bool scaled = c.flag("scale_attn_weights", true);
  const activation function = read_activation(c, "activation_function", "gelu_pytorch_tanh");

  decoder<float> decoder;
  load_words(decoder, weights, "transformer.wte.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", true));
  load_places(decoder, weights, "transformer.wpe.weight", positions, s.model);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("transformer.h.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "ln_1", s.model, epsilon);
    block.feed_norm = weights.layer_norm(name + "ln_2", s.model, epsilon);
    load_fused_qkv(block.attention, weights, name + "attn.c_attn", s, s.kv_heads, true);
    block.attention.output = weights.linear(name + "attn.c_proj", s.model, s.model, true);
    if (!scaled) block.attention.rules.scale = 1;
    block.feed = load_feed(weights, name + "mlp.c_fc", name + "mlp.c_proj", s, function, true);
    weights.leave_out(name + "attn.bias");
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("transformer.ln_f", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family gpt_bigcode_families[] = {{"gpt_bigcode", load_gpt_bigcode}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
