// SPDX-License-Identifier: MIT
// GPT-OSS: Llama with a learned sink for each head, a window in every other layer, and experts with biases
// and clamped gates.
#pragma once

#include <heed/io/hugging_face/llama.hpp>  // load_llama_like

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline attention_layer<float> load_gpt_oss_attention(const llama_layer& at) {
  const bool bias = at.c.flag("attention_bias", true);
  const std::string name = at.name + "self_attn.";
  attention_layer<float> made =
      load_attention(at.weights, name, at.shape, {.bias = bias, .output_bias = bias});
  const Eigen::RowVectorXf sinks = at.weights.vector(name + "sinks", at.shape.heads);
  made.rules.sinks.assign(sinks.begin(), sinks.end());
  return made;
}

// All experts of a layer are in one tensor, (experts, inputs, outputs), in which the outputs of gate and
// up alternate.
inline void load_gpt_oss_feed(const llama_layer& at, transformer_block<float>& block) {
  const index model = at.shape.model, hidden = at.shape.hidden,
              count = at.c.count("num_local_experts");
  const std::string name = at.name + "mlp.experts.";
  model_weights& weights = at.weights;
  experts<float> made;
  made.router = weights.linear(at.name + "mlp.router", model, count, true);
  made.per_token = at.c.count("num_experts_per_tok");
  if (made.per_token > count)
    at.c.refuse("num_experts_per_tok", "at most " + std::to_string(count) + ", all experts");
  const std::vector<index> both_shape{count, model, 2 * hidden}, down_shape{count, hidden, model};
  weights.tensor(name + "gate_up_proj", both_shape);  // checks shapes before vectors are allocated
  weights.tensor(name + "down_proj", down_shape);
  std::vector<index> even(static_cast<std::size_t>(hidden)), odd = even,
                                                             all(static_cast<std::size_t>(model));
  std::iota(all.begin(), all.end(), index(0));
  for (std::size_t i = 0; i < even.size(); ++i) odd[i] = (even[i] = 2 * static_cast<index>(i)) + 1;
  const matrix<float> both_bias = weights.floats(name + "gate_up_proj_bias", count, 2 * hidden),
                      down_bias = weights.floats(name + "down_proj_bias", count, model);
  const gating joined{
      .limit = positive(at.c, "swiglu_limit", at.c.number("swiglu_limit", 7)),
      .sharpness = positive(at.c, "swiglu_alpha", at.c.number("swiglu_alpha", 1.702)),
      .offset = 1};
  for (index e = 0; e < count; ++e) {
    feed_forward<float> one;
    one.activation = activation::silu;
    one.gating = joined;
    one.gate.weight = weights.columns_of(name + "gate_up_proj", both_shape, e, even);
    one.gate.bias = both_bias.row(e)(even);
    one.up.weight = weights.columns_of(name + "gate_up_proj", both_shape, e, odd);
    one.up.bias = both_bias.row(e)(odd);
    one.down.weight = weights.columns_of(name + "down_proj", down_shape, e, all);
    one.down.bias = down_bias.row(e);
    made.expert.push_back(std::move(one));
  }
  block.feed = std::move(made);
}

inline decoder<float> load_gpt_oss(const config& c, model_weights& w) {
  leave_out(c, {"hidden_act"});
  return load_llama_like(c, w,
                         {.windows = llama_windows::by_size,
                          .window = 128,
                          .window_period = 2,
                          .theta = 150000,
                          .epsilon = 1e-5,
                          .attention = load_gpt_oss_attention,
                          .feed = load_gpt_oss_feed});
}

inline constexpr decoder_family gpt_oss_families[] = {{"gpt_oss", load_gpt_oss}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
