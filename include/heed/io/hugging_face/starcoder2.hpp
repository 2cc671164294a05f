// SPDX-License-Identifier: MIT
// StarCoder 2: layer_norm, biases, rotary positions, a window in all layers.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_starcoder2(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("norm_epsilon", 1e-5);
  const bool bias = c.flag("use_bias", true);
  const activation function = read_activation(c, "hidden_act", "gelu_pytorch_tanh");
  const std::optional<index> window = read_window(c);
  const auto rope = read_rope(c, {.width = s.width});

  decoder<float> decoder;
  load_words(decoder, weights, "model.embed_tokens.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", true));
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("model.layers.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "input_layernorm", s.model, epsilon);
    block.feed_norm = weights.layer_norm(name + "post_attention_layernorm", s.model, epsilon);
    block.attention =
        load_attention(weights, name + "self_attn.", s, {.bias = bias, .output_bias = bias});
    block.attention.rotary = rope;
    block.attention.rules.window = window;
    block.feed = load_feed(weights, name + "mlp.c_fc", name + "mlp.c_proj", s, function, bias);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("model.norm", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family starcoder2_families[] = {{"starcoder2", load_starcoder2}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
