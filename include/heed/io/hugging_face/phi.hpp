// SPDX-License-Identifier: MIT
// Phi 1 and 2: a parallel residual with one layer_norm for attention and feed-forward; biases everywhere.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_phi(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_eps", 1e-5);
  const bool head_norms = c.flag("qk_layernorm", false);
  const activation function = read_activation(c, "hidden_act", "gelu_new");
  const auto rope = read_rope(c, {.width = s.width, .partial = 0.5});

  decoder<float> decoder;
  load_words(decoder, weights, "model.embed_tokens.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", false));
  decoder.head.bias = weights.vector("lm_head.bias", s.vocabulary);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("model.layers.", i);
    transformer_block<float> block;
    block.order = transformer_block<float>::residual::parallel;
    block.attention_norm = weights.layer_norm(name + "input_layernorm", s.model, epsilon);
    block.attention = load_attention(weights, name + "self_attn.", s,
                                     {.output = "dense", .bias = true, .output_bias = true});
    if (head_norms) {
      block.attention.query_norm =
          weights.layer_norm(name + "self_attn.q_layernorm", s.width, epsilon);
      block.attention.key_norm =
          weights.layer_norm(name + "self_attn.k_layernorm", s.width, epsilon);
    }
    block.attention.rotary = rope;
    block.feed = load_feed(weights, name + "mlp.fc1", name + "mlp.fc2", s, function, true);
    weights.leave_out(name + "self_attn.rotary_emb.inv_freq");
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("model.final_layernorm", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family phi_families[] = {{"phi", load_phi}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
