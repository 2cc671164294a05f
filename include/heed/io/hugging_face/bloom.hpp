// SPDX-License-Identifier: MIT
// BLOOM: ALiBi, a norm after the embedding, and one tensor in which the queries, keys and values of a
// head are adjacent.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline decoder<float> load_bloom(const config& c, model_weights& weights) {
  require_off(c, "apply_residual_connection_post_layernorm");
  require_off(c, "slow_but_exact");
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const std::string prefix =
      weights.contains("word_embeddings.weight") ? std::string() : "transformer.";

  decoder<float> decoder;
  load_words(decoder, weights, prefix + "word_embeddings.weight", "lm_head.weight", s.vocabulary,
             s.model, c.flag("tie_word_embeddings", true));
  decoder.embedding_norm =
      weights.layer_norm(prefix + "word_embeddings_layernorm", s.model, epsilon);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered(prefix + "h.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "input_layernorm", s.model, epsilon);
    block.feed_norm = weights.layer_norm(name + "post_attention_layernorm", s.model, epsilon);
    load_fused_qkv(block.attention, weights, name + "self_attention.query_key_value", s, s.heads,
                   true);
    block.attention.output = weights.linear(name + "self_attention.dense", s.model, s.model, true);
    block.attention.rules.alibi = alibi_slopes(s.heads);
    block.feed = load_feed(weights, name + "mlp.dense_h_to_4h", name + "mlp.dense_4h_to_h", s,
                           activation::gelu_tanh, true);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm(prefix + "ln_f", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family bloom_families[] = {{"bloom", load_bloom}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
