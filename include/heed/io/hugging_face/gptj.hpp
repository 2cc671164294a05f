// SPDX-License-Identifier: MIT
// GPT-J: interleaved rotary positions on a part of each head, and a parallel residual with one norm for
// attention and feed-forward.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_gptj(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const activation function = read_activation(c, "activation_function", "gelu_new");
  const index rotated = c.count("rotary_dim", 64);
  if (rotated > s.width || rotated % 2 != 0)
    c.refuse("rotary_dim",
             "an even number, at most the " + std::to_string(s.width) + " columns of a head");
  const rotary_embedding<float> rope(
      {.width = s.width, .rotary_width = rotated, .pairing = rotary_pairing::interleaved});

  decoder<float> decoder;
  load_words(decoder, weights, "transformer.wte.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", false));
  decoder.head.bias = weights.vector("lm_head.bias", s.vocabulary);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("transformer.h.", i);
    transformer_block<float> block;
    block.order = transformer_block<float>::residual::parallel;
    block.attention_norm = weights.layer_norm(name + "ln_1", s.model, epsilon);
    block.attention = load_attention(weights, name + "attn.", s, {.output = "out_proj"});
    block.attention.rotary = rope;
    block.feed = load_feed(weights, name + "mlp.fc_in", name + "mlp.fc_out", s, function, true);
    for (const char* const mask : {"attn.bias", "attn.masked_bias"}) weights.leave_out(name + mask);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("transformer.ln_f", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family gptj_families[] = {{"gptj", load_gptj}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
