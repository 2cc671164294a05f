// SPDX-License-Identifier: MIT
// GPT-2: learned positions, layer_norm before each layer, one projection for queries, keys and values.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_gpt2(const config& c, model_weights& weights) {
  require_off(c, "add_cross_attention");
  leave_out(c, {"reorder_and_upcast_attn"});
  const decoder_shape s = read_shape(c);
  const index model = s.model, positions = c.count("n_positions");
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const bool scaled = c.flag("scale_attn_weights", true),
             by_layer = c.flag("scale_attn_by_inverse_layer_idx", false);
  const activation function = read_activation(c, "activation_function", "gelu_new");
  const std::string prefix = weights.contains("transformer.wte.weight") ? "transformer." : "";

  decoder<float> decoder;
  load_words(decoder, weights, prefix + "wte.weight", "lm_head.weight", s.vocabulary, model,
             c.flag("tie_word_embeddings", true));
  load_places(decoder, weights, prefix + "wpe.weight", positions, model);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered(prefix + "h.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "ln_1", model, epsilon);
    block.feed_norm = weights.layer_norm(name + "ln_2", model, epsilon);
    attention_layer<float>& attention = block.attention;
    attention.heads = {s.heads, s.heads};
    const linear<float> all = weights.conv1d(name + "attn.c_attn", model, 3 * model);
    linear<float>* const parts[] = {&attention.query, &attention.key, &attention.value};
    for (index p = 0; p < 3; ++p) {
      if (all.weight.stored.given())
        parts[p]->weight.stored = packed_rows_of(all.weight.stored, p * model, model);
      else
        parts[p]->weight = all.weight.middleCols(p * model, model);
      parts[p]->bias = all.bias.segment(p * model, model);
    }
    attention.output = weights.conv1d(name + "attn.c_proj", model, model);
    const double by = by_layer ? static_cast<double>(i + 1) : 1;
    attention.rules.scale = (scaled ? 1 / std::sqrt(static_cast<double>(s.width)) : 1) / by;
    feed_forward<float> feed;
    feed.activation = function;
    feed.up = weights.conv1d(name + "mlp.c_fc", model, s.hidden);
    feed.down = weights.conv1d(name + "mlp.c_proj", s.hidden, model);
    block.feed = std::move(feed);
    for (const char* const mask : {"attn.bias", "attn.masked_bias"}) weights.leave_out(name + mask);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm(prefix + "ln_f", model, epsilon);
  return decoder;
}

inline constexpr decoder_family gpt2_families[] = {{"gpt2", load_gpt2}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
