// SPDX-License-Identifier: MIT
// GPT-NeoX, with Pythia: rotary positions on a part of each head, a parallel residual, and one tensor in
// which the queries, keys and values of a head are adjacent.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_gpt_neox(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_eps", 1e-5);
  const bool bias = c.flag("attention_bias", true);
  const activation function = read_activation(c, "hidden_act", "gelu");
  const auto order = c.flag("use_parallel_residual", true)
                         ? transformer_block<float>::residual::parallel
                         : transformer_block<float>::residual::sequential;
  const auto rope = read_rope(c, {.width = s.width,
                                  .partial = c.number("rotary_pct", 0.25),
                                  .theta = c.number("rotary_emb_base", 10000)});

  decoder<float> decoder;
  load_words(decoder, weights, "gpt_neox.embed_in.weight", "embed_out.weight", s.vocabulary,
             s.model, c.flag("tie_word_embeddings", false));
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("gpt_neox.layers.", i);
    transformer_block<float> block;
    block.order = order;
    block.attention_norm = weights.layer_norm(name + "input_layernorm", s.model, epsilon);
    block.feed_norm = weights.layer_norm(name + "post_attention_layernorm", s.model, epsilon);
    load_fused_qkv(block.attention, weights, name + "attention.query_key_value", s, s.heads, bias);
    block.attention.output = weights.linear(name + "attention.dense", s.model, s.model, bias);
    block.attention.rotary = rope;
    block.feed = load_feed(weights, name + "mlp.dense_h_to_4h", name + "mlp.dense_4h_to_h", s,
                           function, true);
    for (const char* const old :
         {"attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"})
      weights.leave_out(name + old);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("gpt_neox.final_layer_norm", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family gpt_neox_families[] = {{"gpt_neox", load_gpt_neox}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
