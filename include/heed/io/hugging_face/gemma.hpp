// SPDX-License-Identifier: MIT
// Gemma 1, 2 and 3 (text): norms that store 1 less than their weight, and embeddings multiplied by the
// square root of the model's width.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_gated

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The differences between the three generations.
struct gemma_facts {
  bool norms_around = false;  // before and after each layer: Gemma 2 and 3
  bool head_norms = false;    // of each head of queries and keys: Gemma 3
  index period = 1;           // every period-th layer has no window; 1: no layer has one
  double query_scalar = 0;    // scores are divided by its square root; 0: by √(width of a head)
  double score_cap = 0;
  double logit_cap = 0;
  activation function = activation::gelu_tanh;
};

// A cap of scores or logits. null: 0, no cap; `otherwise` is the default of the field.
inline double read_cap(const config& c, const char* field, double otherwise) {
  if (c.null(field)) return 0;
  return c.contains(field) ? positive(c, field, c.number(field)) : otherwise;
}

// Layers with a window may have rotary positions of their own. In a config of transformers 4, their theta is
// rope_local_base_freq, and they are not scaled.
inline rotary_embedding<float> gemma_rope(const config& c, index width, bool windowed,
                                          bool own_local) {
  const bool local = windowed && own_local;
  if (local && !c.contains("rope_parameters"))
    return rotary_embedding<float>(
        {.width = width, .theta = c.number("rope_local_base_freq", 10000)});
  return read_rope(c, {.width = width,
                       .theta = own_local && !local ? 1e6 : 1e4,
                       .layer_type = local ? "sliding_attention" : "full_attention"});
}

inline decoder<float> load_gemma_like(const config& c, model_weights& weights,
                                      const gemma_facts& facts) {
  require_off(c, "use_bidirectional_attention");
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("rms_norm_eps", 1e-6);
  const bool bias = c.flag("attention_bias", false);
  const layer_kinds kinds(c, s.layers, facts.period);
  const std::optional<index> window = read_window(c, 4096);
  const std::string words = "model.embed_tokens.weight";
  // Both are read even if all layers are of one kind, so that no field counts as unread.
  const auto rope = gemma_rope(c, s.width, false, facts.head_norms),
             local_rope = gemma_rope(c, s.width, true, facts.head_norms);

  decoder<float> decoder;
  load_words(decoder, weights, words, "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", true));
  decoder.embedding_scale = std::sqrt(static_cast<double>(s.model));
  decoder.logit_cap = facts.logit_cap;
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("model.layers.", i);
    const auto norm = [&](const std::string& of, index width) {
      return weights.rms_norm(name + of, width, epsilon, 1);
    };
    const bool windowed = kinds.windowed(i);
    transformer_block<float> block;
    block.attention =
        load_attention(weights, name + "self_attn.", s, {.bias = bias, .output_bias = bias});
    attention_layer<float>& attention = block.attention;
    if (facts.head_norms) {
      attention.query_norm = norm("self_attn.q_norm", s.width);
      attention.key_norm = norm("self_attn.k_norm", s.width);
    }
    attention.rotary = windowed ? local_rope : rope;
    if (facts.query_scalar > 0) attention.rules.scale = 1 / std::sqrt(facts.query_scalar);
    attention.rules.soft_cap = facts.score_cap;
    if (windowed) attention.rules.window = window;
    block.attention_norm = norm("input_layernorm", s.model);
    if (facts.norms_around) {
      block.attention_post_norm = norm("post_attention_layernorm", s.model);
      block.feed_norm = norm("pre_feedforward_layernorm", s.model);
      block.feed_post_norm = norm("post_feedforward_layernorm", s.model);
    } else {
      block.feed_norm = norm("post_attention_layernorm", s.model);
    }
    block.feed = load_gated(weights, name + "mlp.", s.model, s.hidden, facts.function);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("model.norm", s.model, epsilon, 1);
  return decoder;
}

inline decoder<float> load_gemma(const config& c, model_weights& w) {
  leave_out(c, {"hidden_activation"});
  // Old configs say "gelu" and mean its approximation, gelu_tanh.
  const char* const field = c.contains("hidden_act") ? "hidden_act" : "hidden_activation";
  const activation said = read_activation(c, field, "gelu_pytorch_tanh");
  return load_gemma_like(c, w,
                         {.function = said == activation::gelu ? activation::gelu_tanh : said});
}
inline decoder<float> load_gemma2(const config& c, model_weights& w) {
  leave_out(c, {"hidden_act"});
  return load_gemma_like(
      c, w,
      {.norms_around = true,
       .period = 2,
       .query_scalar = c.number("query_pre_attn_scalar", 256),
       .score_cap = read_cap(c, "attn_logit_softcapping", 50),
       .logit_cap = read_cap(c, "final_logit_softcapping", 30),
       .function = read_activation(c, "hidden_activation", "gelu_pytorch_tanh")});
}
inline decoder<float> load_gemma3(const config& c, model_weights& w) {
  leave_out(c, {"hidden_act", "attn_logit_softcapping"});
  return load_gemma_like(
      c, w,
      {.norms_around = true,
       .head_norms = true,
       .period = c.count("sliding_window_pattern", c.count("_sliding_window_pattern", 6)),
       .query_scalar = c.number("query_pre_attn_scalar", 256),
       .logit_cap = read_cap(c, "final_logit_softcapping", 0),
       .function = read_activation(c, "hidden_activation", "gelu_pytorch_tanh")});
}

inline constexpr decoder_family gemma_families[] = {
    {"gemma", load_gemma}, {"gemma2", load_gemma2}, {"gemma3_text", load_gemma3}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
