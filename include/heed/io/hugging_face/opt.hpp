// SPDX-License-Identifier: MIT
// OPT: learned positions that begin at row 2, and embeddings that may be narrower than the blocks.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// layer_norm without weights where the config says so.
inline layer_norm<float> load_opt_norm(const config& c, model_weights& weights,
                                       const std::string& name, index model) {
  if (c.flag("layer_norm_elementwise_affine", true)) return weights.layer_norm(name, model, 1e-5);
  return layer_norm<float>({.model = model, .bias = false});
}

inline decoder<float> load_opt(const config& c, model_weights& weights) {
  constexpr index first = 2;  // rows at the begin of the table of positions that no token uses
  const decoder_shape s = read_shape(c);
  const index positions = c.count("max_position_embeddings"),
              narrow = c.count("word_embed_proj_dim", s.model);
  const bool bias = c.flag("enable_bias", true), before = c.flag("do_layer_norm_before", true),
             no_final = c.flag("_remove_final_layer_norm", false);
  const activation function = read_activation(c, "activation_function", "relu");
  const std::string prefix =
      weights.contains("decoder.embed_tokens.weight") ? "decoder." : "model.decoder.";

  decoder<float> decoder;
  load_words(decoder, weights, prefix + "embed_tokens.weight", "lm_head.weight", s.vocabulary,
             narrow, c.flag("tie_word_embeddings", true));
  load_places(decoder, weights, prefix + "embed_positions.weight", positions, s.model, first);
  if (narrow != s.model) {
    decoder.embedding_projection = weights.linear(prefix + "project_in", narrow, s.model, false);
    decoder.head_projection = weights.linear(prefix + "project_out", s.model, narrow, false);
  }
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered(prefix + "layers.", i);
    transformer_block<float> block;
    (before ? block.attention_norm : block.attention_norm_of_sum) =
        load_opt_norm(c, weights, name + "self_attn_layer_norm", s.model);
    (before ? block.feed_norm : block.feed_norm_of_sum) =
        load_opt_norm(c, weights, name + "final_layer_norm", s.model);
    block.attention = load_attention(weights, name + "self_attn.", s,
                                     {.output = "out_proj", .bias = bias, .output_bias = bias});
    block.feed = load_feed(weights, name + "fc1", name + "fc2", s, function, bias);
    decoder.blocks.push_back(std::move(block));
  }
  if (before && !no_final)
    decoder.final_norm = load_opt_norm(c, weights, prefix + "final_layer_norm", s.model);
  return decoder;
}

inline constexpr decoder_family opt_families[] = {{"opt", load_opt}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
