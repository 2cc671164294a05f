// SPDX-License-Identifier: MIT
// Llama, and the families that differ from Llama by a line of their config or a norm: Mistral, Qwen
// 2 and 3, SmolLM3, Granite, OLMo 2.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_attention, load_gated

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The arguments of a function that loads a part of a layer.
struct llama_layer {
  const config& c;
  model_weights& weights;
  const decoder_shape& shape;
  index number;
  std::string name;  // "model.layers.3."
};

// The usual gated feed-forward layer.
inline void load_llama_feed(const llama_layer& at, transformer_block<float>& block) {
  block.feed = load_gated(at.weights, at.name + "mlp.", at.shape.model, at.shape.hidden,
                          read_activation(at.c, "hidden_act", "silu"),
                          {.bias = at.c.flag("mlp_bias", false)});
}

// Which layers may have a window: none; all, where sliding_window is a number; or all, where the
// flag use_sliding_window is true as well.
enum class llama_windows { none, by_size, by_flag };

// The differences between the members of the family.
struct llama_facts {
  bool query_bias = false;  // of queries, keys and values
  bool output_bias = false;
  bool head_norms = false;          // of each head of queries and keys: Qwen 3
  bool row_norms = false;           // of all heads of queries and keys together: OLMo 2
  bool norms_after = false;         // of the outputs of layers instead of their inputs: OLMo 2
  bool first_layers_whole = false;  // no window below layer max_window_layers: Qwen 2 and 3
  llama_windows windows = llama_windows::none;
  index window = 0;  // the default of sliding_window; 0: none
  // Without layer_types, layers window_period - 1, 2 window_period - 1, ... have no window; 0: all have one.
  index window_period = 0;
  // Without no_rope_layers, layers plain_period - 1, 2 plain_period - 1, ... are not rotated: SmolLM3.
  index plain_period = 0;
  bool tied = false;      // the default of tie_word_embeddings: the head is the embedding
  double theta = 10000;   // the default of rope_theta
  double epsilon = 1e-6;  // the default of rms_norm_eps
  std::optional<double> partial = {};      // the default share of rotated columns; none: always all
  std::optional<double> score_scale = {};  // the default; none: 1 / √width
  // Loads the attention layer; null: it is loaded from q_proj, k_proj, v_proj and o_proj.
  attention_layer<float> (*attention)(const llama_layer&) = nullptr;
  void (*feed)(const llama_layer&, transformer_block<float>&) = load_llama_feed;
};

inline decoder<float> load_llama_like(const config& c, model_weights& weights,
                                      const llama_facts& facts) {
  const decoder_shape s = read_shape(c);
  const double epsilon = c.number("rms_norm_eps", facts.epsilon);
  const layer_kinds kinds(c, s.layers, facts.window_period);
  const std::vector<std::int64_t> rotated = c.integers("no_rope_layers");
  std::optional<index> window;
  if (facts.windows != llama_windows::none) window = read_window(c, facts.window);
  const bool windowed =
      facts.windows != llama_windows::by_flag || c.flag("use_sliding_window", false);
  const index first_windowed = facts.first_layers_whole ? c.integer("max_window_layers", 28) : 0;
  const auto rope =
      read_rope(c, {.width = s.width, .partial = facts.partial, .theta = facts.theta});

  decoder<float> decoder;
  load_words(decoder, weights, "model.embed_tokens.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", facts.tied));
  decoder.embedding_scale = c.number("embedding_multiplier", 1);
  decoder.logit_scale = 1 / c.number("logits_scaling", 1);
  for (index i = 0; i < s.layers; ++i) {
    const llama_layer at{c, weights, s, i, numbered("model.layers.", i)};
    const auto norm = [&](const char* of) {
      return weights.rms_norm(at.name + of, s.model, epsilon);
    };
    transformer_block<float> block;
    block.residual_scale = c.number("residual_multiplier", 1);
    block.attention =
        facts.attention != nullptr
            ? facts.attention(at)
            : load_attention(weights, at.name + "self_attn.", s,
                             {.bias = facts.query_bias, .output_bias = facts.output_bias});
    attention_layer<float>& attention = block.attention;
    if (facts.head_norms || facts.row_norms) {
      const index all = facts.row_norms ? s.heads : 1, kv_all = facts.row_norms ? s.kv_heads : 1;
      attention.query_norm = weights.rms_norm(at.name + "self_attn.q_norm", all * s.width, epsilon);
      attention.key_norm =
          weights.rms_norm(at.name + "self_attn.k_norm", kv_all * s.width, epsilon);
    }
    const auto place = static_cast<std::size_t>(i);
    const bool plain = rotated.empty() ? facts.plain_period > 0 && (i + 1) % facts.plain_period == 0
                                       : place < rotated.size() && rotated[place] == 0;
    if (!plain) attention.rotary = rope;
    if (c.contains("attention_multiplier"))
      attention.rules.scale = c.number("attention_multiplier");
    else if (facts.score_scale)
      attention.rules.scale = *facts.score_scale;
    if (windowed && kinds.windowed(i) && (kinds.given() || i >= first_windowed))
      attention.rules.window = window;
    if (facts.norms_after) {
      block.attention_post_norm = norm("post_attention_layernorm");
      block.feed_post_norm = norm("post_feedforward_layernorm");
    } else {
      block.attention_norm = norm("input_layernorm");
      block.feed_norm = norm("post_attention_layernorm");
    }
    facts.feed(at, block);
    weights.leave_out(at.name + "self_attn.rotary_emb.inv_freq");
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("model.norm", s.model, epsilon);
  return decoder;
}

inline decoder<float> load_llama(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w, {.query_bias = bias, .output_bias = bias});
}
inline decoder<float> load_mistral(const config& c, model_weights& w) {
  return load_llama_like(c, w, {.windows = llama_windows::by_size, .window = 4096});
}
inline decoder<float> load_granite(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w, {.query_bias = bias, .output_bias = bias, .score_scale = 1});
}
inline decoder<float> load_smollm3(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w,
                         {.query_bias = bias,
                          .output_bias = bias,
                          .windows = llama_windows::by_flag,
                          .plain_period = c.count("no_rope_layer_interval", 4),
                          .tied = true,
                          .theta = 2e6});
}
inline decoder<float> load_qwen2(const config& c, model_weights& w) {
  return load_llama_like(c, w,
                         {.query_bias = true,
                          .first_layers_whole = true,
                          .windows = llama_windows::by_flag,
                          .window = 4096});
}
inline decoder<float> load_qwen3(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w,
                         {.query_bias = bias,
                          .output_bias = bias,
                          .head_norms = true,
                          .first_layers_whole = true,
                          .windows = llama_windows::by_flag,
                          .window = 4096});
}
inline decoder<float> load_olmo2(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w,
                         {.query_bias = bias,
                          .output_bias = bias,
                          .row_norms = true,
                          .norms_after = true,
                          .epsilon = 1e-5});
}

inline constexpr decoder_family llama_families[] = {
    {"llama", load_llama},     {"mistral", load_mistral}, {"smollm3", load_smollm3},
    {"granite", load_granite}, {"qwen2", load_qwen2},     {"qwen3", load_qwen3},
    {"olmo2", load_olmo2},
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
