// SPDX-License-Identifier: MIT
// Phi-3: Llama, with the weights of queries, keys and values in one tensor, and those of the gate and of
// the up projection in another.
#pragma once

#include <heed/io/hugging_face/llama.hpp>  // load_llama_like

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline attention_layer<float> load_phi3_attention(const llama_layer& at) {
  const std::string name = at.name + "self_attn.";
  attention_layer<float> made;
  load_fused_qkv(made, at.weights, name + "qkv_proj", at.shape, 1, false);
  made.output =
      at.weights.linear(name + "o_proj", at.shape.heads * at.shape.width, at.shape.model, false);
  return made;
}

inline void load_phi3_feed(const llama_layer& at, transformer_block<float>& block) {
  const std::string both = at.name + "mlp.gate_up_proj.weight";
  const index model = at.shape.model, hidden = at.shape.hidden;
  feed_forward<float> feed;
  feed.activation = read_activation(at.c, "hidden_act", "silu");
  feed.gate.weight = at.weights.part_of(both, 2 * hidden, model, 0, hidden);
  feed.up.weight = at.weights.part_of(both, 2 * hidden, model, hidden, hidden);
  feed.down = at.weights.linear(at.name + "mlp.down_proj", hidden, model, false);
  block.feed = std::move(feed);
}

inline decoder<float> load_phi3(const config& c, model_weights& w) {
  return load_llama_like(c, w,
                         {.windows = llama_windows::by_size,
                          .epsilon = 1e-5,
                          .partial = 1,
                          .attention = load_phi3_attention,
                          .feed = load_phi3_feed});
}

inline constexpr decoder_family phi3_families[] = {{"phi3", load_phi3}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
