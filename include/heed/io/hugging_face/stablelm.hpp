// SPDX-License-Identifier: MIT
// StableLM: Llama with layer_norm, rotary positions on a part of each head, and norms of queries and keys
// with weights for each head.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// layer_norm of heads that have weights of their own: "name.norms.0.weight" and so on.
inline layer_norm<float> load_stablelm_head_norm(model_weights& weights, const std::string& name,
                                                 index heads, index width, double epsilon) {
  layer_norm<float> norm;
  norm.epsilon = epsilon;
  norm.parts = heads;
  for (index head = 0; head < heads; ++head) {
    const auto one = weights.vector(numbered(name + ".norms.", head) + "weight", width);
    if (head == 0) norm.weight.resize(heads * width);
    norm.weight.segment(head * width, width) = one;
  }
  return norm;
}

inline decoder<float> load_stablelm(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_eps", 1e-5);
  const bool bias = c.flag("use_qkv_bias", false), head_norms = c.flag("qk_layernorm", false),
             parallel = c.flag("use_parallel_residual", false);
  const activation function = read_activation(c, "hidden_act", "silu");
  const auto rope = read_rope(c, {.width = s.width, .partial = 0.25});

  decoder<float> decoder;
  load_words(decoder, weights, "model.embed_tokens.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", false));
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("model.layers.", i);
    transformer_block<float> block;
    if (parallel)
      block.order = transformer_block<float>::residual::parallel;
    else
      block.feed_norm = weights.layer_norm(name + "post_attention_layernorm", s.model, epsilon);
    block.attention_norm = weights.layer_norm(name + "input_layernorm", s.model, epsilon);
    block.attention = load_attention(weights, name + "self_attn.", s, {.bias = bias});
    if (head_norms) {
      block.attention.query_norm = load_stablelm_head_norm(weights, name + "self_attn.q_layernorm",
                                                           s.heads, s.width, epsilon);
      block.attention.key_norm = load_stablelm_head_norm(weights, name + "self_attn.k_layernorm",
                                                         s.kv_heads, s.width, epsilon);
    }
    block.attention.rotary = rope;
    block.feed = load_gated(weights, name + "mlp.", s.model, s.hidden, function);
    weights.leave_out(name + "self_attn.rotary_emb.inv_freq");
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("model.norm", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family stablelm_families[] = {{"stablelm", load_stablelm}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
