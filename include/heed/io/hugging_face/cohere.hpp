// SPDX-License-Identifier: MIT
// Cohere's Command R and R7B: interleaved rotary positions, a parallel residual (one norm for attention
// and feed-forward, whose outputs are added together), scaled logits.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A norm of each head of queries or keys, with weights (heads, width).
inline layer_norm<float> load_cohere_head_norm(model_weights& weights, const std::string& name,
                                               index heads, index width, double epsilon) {
  layer_norm<float> norm;
  norm.epsilon = epsilon;
  norm.parts = heads;
  norm.weight = weights.floats(name + ".weight", heads, width).reshaped<Eigen::RowMajor>();
  return norm;
}

// The differences between the two generations.
struct cohere_facts {
  bool head_norms = false;
  double theta = 10000;  // the default of rope_theta
  // Every window_period-th layer has no window and is not rotated; 0: no layer has a window, all are rotated.
  index window_period = 0;
};

inline decoder<float> load_cohere_like(const config& c, model_weights& weights,
                                       const cohere_facts& facts) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("layer_norm_eps", 1e-5);
  const bool bias = c.flag("attention_bias", false);
  const activation function = read_activation(c, "hidden_act", "silu");
  const bool windows = facts.window_period > 0;
  const layer_kinds kinds(c, s.layers, facts.window_period);
  const std::optional<index> window = windows ? read_window(c, 4096) : std::nullopt;
  const auto rope = read_rope(
      c, {.width = s.width, .theta = facts.theta, .pairing = rotary_pairing::interleaved});

  decoder<float> decoder;
  load_words(decoder, weights, "model.embed_tokens.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", true));
  decoder.logit_scale = c.number("logit_scale", 0.0625);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("model.layers.", i);
    transformer_block<float> block;
    block.order = transformer_block<float>::residual::parallel;
    block.attention_norm = weights.layer_norm(name + "input_layernorm", s.model, epsilon, false);
    block.attention =
        load_attention(weights, name + "self_attn.", s, {.bias = bias, .output_bias = bias});
    attention_layer<float>& attention = block.attention;
    if (facts.head_norms) {
      attention.query_norm =
          load_cohere_head_norm(weights, name + "self_attn.q_norm", s.heads, s.width, epsilon);
      attention.key_norm =
          load_cohere_head_norm(weights, name + "self_attn.k_norm", s.kv_heads, s.width, epsilon);
    }
    if (windows && kinds.windowed(i)) attention.rules.window = window;
    if (!windows || attention.rules.window) attention.rotary = rope;
    block.feed = load_gated(weights, name + "mlp.", s.model, s.hidden, function);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("model.norm", s.model, epsilon, false);
  return decoder;
}

inline decoder<float> load_cohere(const config& c, model_weights& w) {
  return load_cohere_like(c, w, {.head_norms = c.flag("use_qk_norm", false), .theta = 500000});
}
inline decoder<float> load_cohere2(const config& c, model_weights& w) {
  return load_cohere_like(
      c, w,
      {.window_period = c.count("sliding_window_pattern", c.count("_sliding_window_pattern", 4))});
}

inline constexpr decoder_family cohere_families[] = {{"cohere", load_cohere},
                                                     {"cohere2", load_cohere2}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
