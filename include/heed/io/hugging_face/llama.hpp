// SPDX-License-Identifier: MIT
// Llama and those that differ from it by a line of their config or a norm: Mistral, Qwen 2 and 3, SmolLM3,
// Granite, OLMo 2.
#pragma once

#include <heed/io/hugging_face/decoder_family.hpp>  // decoder_family

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What the members of the family differ by.
struct llama_facts {
  bool query_bias = false;  // of queries, keys and values
  bool output_bias = false;
  bool feed_bias = false;
  bool head_norms = false;   // of each head of queries and keys: Qwen 3
  bool row_norms = false;    // of all heads of queries and keys together: OLMo 2
  bool norms_after = false;  // of what a layer gives, instead of what it is given: OLMo 2
};

inline decoder<float> load_llama_like(const config& c, model_weights& weights,
                                      const llama_facts& facts) {
  const index model = c.count("hidden_size"), heads = c.count("num_attention_heads"),
              kv_heads = c.count("num_key_value_heads", heads),
              width = c.count("head_dim", model / heads), hidden = c.count("intermediate_size"),
              layers = c.count("num_hidden_layers"), vocabulary = c.count("vocab_size");
  const double epsilon = c.number("rms_norm_eps", 1e-6);
  const activation function = read_activation(c, "hidden_act", "silu");
  const std::vector<std::string> kinds = c.texts("layer_types");
  const std::vector<std::int64_t> rotated = c.integers("no_rope_layers");
  const bool windowed = c.flag("use_sliding_window", c.contains("sliding_window"));
  const index window = c.count("sliding_window", 0x7FFFFFFF);
  const index first_windowed = c.integer("max_window_layers", 0);
  const auto rope = read_rope(c, {.width = width});

  decoder<float> decoder;
  load_words(decoder, weights, "model.embed_tokens.weight", "lm_head.weight", vocabulary, model,
             c.flag("tie_word_embeddings", false));
  decoder.embedding_scale = c.number("embedding_multiplier", 1);
  decoder.logit_scale = 1 / c.number("logits_scaling", 1);
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered("model.layers.", i);
    const auto norm = [&](const char* of) { return weights.rms_norm(name + of, model, epsilon); };
    transformer_block<float> block;
    block.residual_scale = c.number("residual_multiplier", 1);
    attention_layer<float>& attention = block.attention;
    attention.heads = {heads, kv_heads};
    attention.query =
        weights.linear(name + "self_attn.q_proj", model, heads * width, facts.query_bias);
    attention.key =
        weights.linear(name + "self_attn.k_proj", model, kv_heads * width, facts.query_bias);
    attention.value =
        weights.linear(name + "self_attn.v_proj", model, kv_heads * width, facts.query_bias);
    attention.output =
        weights.linear(name + "self_attn.o_proj", heads * width, model, facts.output_bias);
    if (facts.head_norms || facts.row_norms) {
      const index all = facts.row_norms ? heads : 1, kv_all = facts.row_norms ? kv_heads : 1;
      attention.query_norm = weights.rms_norm(name + "self_attn.q_norm", all * width, epsilon);
      attention.key_norm = weights.rms_norm(name + "self_attn.k_norm", kv_all * width, epsilon);
    }
    const auto at = static_cast<std::size_t>(i);
    if (at >= rotated.size() || rotated[at] != 0) attention.rotary = rope;
    if (c.contains("attention_multiplier"))
      attention.rules.scale = c.number("attention_multiplier");
    const bool slides = at < kinds.size() ? kinds[at] == "sliding_attention" : i >= first_windowed;
    if (windowed && slides)
      attention.rules.window = window - 1;  // Hugging Face counts the own token
    if (facts.norms_after) {
      block.attention_post_norm = norm("post_attention_layernorm");
      block.feed_post_norm = norm("post_feedforward_layernorm");
    } else {
      block.attention_norm = norm("input_layernorm");
      block.feed_norm = norm("post_attention_layernorm");
    }
    feed_forward<float> feed;
    feed.activation = function;
    feed.gate = weights.linear(name + "mlp.gate_proj", model, hidden, facts.feed_bias);
    feed.up = weights.linear(name + "mlp.up_proj", model, hidden, facts.feed_bias);
    feed.down = weights.linear(name + "mlp.down_proj", hidden, model, facts.feed_bias);
    block.feed = std::move(feed);
    if (weights.contains(name + "self_attn.rotary_emb.inv_freq"))
      weights.leave_out(name + "self_attn.rotary_emb.inv_freq");
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("model.norm", model, epsilon);
  return decoder;
}

inline decoder<float> load_llama(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(
      c, w, {.query_bias = bias, .output_bias = bias, .feed_bias = c.flag("mlp_bias", false)});
}
inline decoder<float> load_qwen2(const config& c, model_weights& w) {
  return load_llama_like(c, w, {.query_bias = true});
}
inline decoder<float> load_qwen3(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w, {.query_bias = bias, .output_bias = bias, .head_norms = true});
}
inline decoder<float> load_olmo2(const config& c, model_weights& w) {
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(
      c, w, {.query_bias = bias, .output_bias = bias, .row_norms = true, .norms_after = true});
}

inline constexpr decoder_family llama_families[] = {
    {"llama", load_llama},   {"mistral", load_llama}, {"smollm3", load_llama},
    {"granite", load_llama}, {"qwen2", load_qwen2},   {"qwen3", load_qwen3},
    {"olmo2", load_olmo2},
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
