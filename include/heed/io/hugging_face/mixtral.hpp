// SPDX-License-Identifier: MIT
// Mixtral and Qwen 3 MoE: Llama, with experts in place of the feed-forward layer.
#pragma once

#include <heed/io/hugging_face/llama.hpp>  // load_llama_like

#include <algorithm>  // find

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The router and the experts of a layer; expert(name) loads the expert whose tensors begin with `name`.
template <class Expert>
experts<float> load_experts(const llama_layer& at, const std::string& router,
                            const std::string& prefix, index count, const Expert& expert) {
  experts<float> made;
  made.router = at.weights.linear(router, at.shape.model, count, false);
  made.per_token = at.c.count("num_experts_per_tok");
  if (made.per_token > count)
    at.c.refuse("num_experts_per_tok", "at most " + std::to_string(count) + ", all experts");
  for (index e = 0; e < count; ++e) made.expert.push_back(expert(numbered(prefix, e)));
  return made;
}

inline void load_mixtral_feed(const llama_layer& at, transformer_block<float>& block) {
  const std::string name = at.name + "block_sparse_moe.";
  const activation function = read_activation(at.c, "hidden_act", "silu");
  block.feed = load_experts(at, name + "gate", name + "experts.", at.c.count("num_local_experts"),
                            [&](const std::string& one) {
                              return load_gated(at.weights, one, at.shape.model, at.shape.hidden,
                                                function, {.gate = "w1", .up = "w3", .down = "w2"});
                            });
}

inline decoder<float> load_mixtral(const config& c, model_weights& w) {
  return load_llama_like(c, w,
                         {.windows = llama_windows::by_size,
                          .theta = 1e6,
                          .epsilon = 1e-5,
                          .feed = load_mixtral_feed});
}

inline void load_qwen3_moe_feed(const llama_layer& at, transformer_block<float>& block) {
  const std::vector<std::int64_t> plain = at.c.integers("mlp_only_layers");
  const bool sparse = (at.number + 1) % at.c.count("decoder_sparse_step", 1) == 0 &&
                      std::find(plain.begin(), plain.end(), at.number) == plain.end();
  if (!sparse) return load_llama_feed(at, block);
  const std::string name = at.name + "mlp.";
  const char* const count =
      at.c.contains("num_local_experts") ? "num_local_experts" : "num_experts";
  const index hidden = at.c.count("moe_intermediate_size");
  const activation function = read_activation(at.c, "hidden_act", "silu");
  experts<float> made = load_experts(
      at, name + "gate", name + "experts.", at.c.count(count), [&](const std::string& one) {
        return load_gated(at.weights, one, at.shape.model, hidden, function);
      });
  if (!at.c.flag("norm_topk_prob", false)) made.weights = experts<float>::weighting::softmax_of_all;
  block.feed = std::move(made);
}

inline decoder<float> load_qwen3_moe(const config& c, model_weights& w) {
  // All but the first describe experts; a model without layers of experts does not read them.
  leave_out(c, {"max_window_layers", "num_local_experts", "num_experts", "num_experts_per_tok",
                "moe_intermediate_size", "norm_topk_prob", "decoder_sparse_step"});
  const bool bias = c.flag("attention_bias", false);
  return load_llama_like(c, w,
                         {.query_bias = bias,
                          .output_bias = bias,
                          .head_norms = true,
                          .windows = llama_windows::by_flag,
                          .window = 4096,
                          .feed = load_qwen3_moe_feed});
}

inline constexpr decoder_family mixtral_families[] = {{"mixtral", load_mixtral},
                                                      {"qwen3_moe", load_qwen3_moe}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
