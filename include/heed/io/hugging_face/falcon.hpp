// SPDX-License-Identifier: MIT
// Falcon: three generations, with rotary positions or ALiBi, and with a parallel or a sequential residual.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// ALiBi is added before scores are scaled, with slopes that are rounded to bfloat16, and is added twice:
// transformers adds ALiBi to the mask and, in the path that also returns attention weights ("eager"), to the
// scores again. The golden values of this family come from that path; the default path of transformers
// ("sdpa") adds ALiBi once.
inline constexpr double falcon_times_added = 2;

inline std::vector<double> falcon_slopes(const decoder_shape& s) {
  std::vector<double> slopes = alibi_slopes(s.heads);
  for (double& slope : slopes) {
    const auto rounded = static_cast<float>(Eigen::bfloat16(static_cast<float>(slope)));
    slope =
        falcon_times_added * static_cast<double>(rounded) / std::sqrt(static_cast<double>(s.width));
  }
  return slopes;
}

inline decoder<float> load_falcon(const config& c, model_weights& weights) {
  decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const bool recent = c.flag("new_decoder_architecture", false),
             one_key = c.flag("multi_query", true) && !recent,
             parallel = c.flag("parallel_attn", true) || recent, bias = c.flag("bias", false),
             distances = c.flag("alibi", false);
  const index kv_heads = c.count("num_kv_heads", s.heads),
              norms = c.count("num_ln_in_parallel_attn", recent ? 2 : 1);
  s.kv_heads = one_key ? 1 : recent ? kv_heads : s.heads;
  if (s.heads % s.kv_heads != 0)
    c.refuse("num_kv_heads", "a divisor of the " + std::to_string(s.heads) + " heads");
  const activation function = read_activation(c, "activation", "gelu");
  const auto rope = read_rope(c, {.width = s.width});

  decoder<float> decoder;
  const std::string prefix = "transformer.";
  load_words(decoder, weights, prefix + "word_embeddings.weight", "lm_head.weight", s.vocabulary,
             s.model, c.flag("tie_word_embeddings", true));
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered(prefix + "h.", i);
    const auto norm = [&](const char* of) {
      return weights.layer_norm(name + of, s.model, epsilon);
    };
    transformer_block<float> block;
    if (parallel) block.order = transformer_block<float>::residual::parallel;
    if (recent && norms == 2) {
      block.attention_norm = norm("ln_attn");
      block.feed_norm = norm("ln_mlp");
    } else {
      block.attention_norm = norm("input_layernorm");
      if (!parallel) block.feed_norm = norm("post_attention_layernorm");
    }
    load_fused_qkv(block.attention, weights, name + "self_attention.query_key_value", s, s.kv_heads,
                   bias);
    block.attention.output = weights.linear(name + "self_attention.dense", s.model, s.model, bias);
    if (distances)
      block.attention.rules.alibi = falcon_slopes(s);
    else
      block.attention.rotary = rope;
    block.feed = load_feed(weights, name + "mlp.dense_h_to_4h", name + "mlp.dense_4h_to_h", s,
                           function, bias);
    weights.leave_out(name + "self_attention.rotary_emb.inv_freq");
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm(prefix + "ln_f", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family falcon_families[] = {{"falcon", load_falcon}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
