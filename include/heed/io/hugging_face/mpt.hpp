// SPDX-License-Identifier: MIT
// MPT: ALiBi, norms and layers without biases.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// As transformers computes MPT: alibi_bias_max counts as 8 and expansion_ratio as 4, whatever the config says,
// and layers have no biases. Other options that transformers ignores are refused.
inline decoder<float> load_mpt(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const config attention = c.object("attn_config");
  for (const char* const field : {"prefix_lm", "qk_ln"}) require_off(attention, field);
  if (!attention.flag("alibi", true)) attention.refuse("alibi", "true");
  if (attention.text("attn_type", "multihead_attention") != "multihead_attention")
    attention.refuse("attn_type", "\"multihead_attention\"");
  if (c.contains("logit_scale")) c.refuse("logit_scale", "null");
  leave_out(c,
            {"expansion_ratio", "no_bias", "learned_pos_emb", "embedding_fraction", "norm_type"});
  leave_out(attention, {"alibi_bias_max", "attn_impl", "attn_uses_sequence_id"});

  decoder<float> decoder;
  load_words(decoder, weights, "transformer.wte.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", true));
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("transformer.blocks.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "norm_1", s.model, epsilon, false);
    block.feed_norm = weights.layer_norm(name + "norm_2", s.model, epsilon, false);
    load_fused_qkv(block.attention, weights, name + "attn.Wqkv", s, 1, false);
    block.attention.output = weights.linear(name + "attn.out_proj", s.model, s.model, false);
    block.attention.clip = attention.number("clip_qkv", 0);
    if (attention.contains("softmax_scale"))
      block.attention.rules.scale = attention.number("softmax_scale");
    block.attention.rules.alibi = alibi_slopes(s.heads);
    block.feed = load_feed(weights, name + "ffn.up_proj", name + "ffn.down_proj", s,
                           activation::gelu, false);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("transformer.norm_f", s.model, epsilon, false);
  return decoder;
}

inline constexpr decoder_family mpt_families[] = {{"mpt", load_mpt}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
