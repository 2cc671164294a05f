// SPDX-License-Identifier: MIT
// Low-rank adapters (LoRA): training changes only the adapters of a decoder; its own weights, of any dtype, do not
// change.
//
//   heed::language_model model = heed::load_language_model("SmolLM2-135M");
//   heed::add_low_rank(model.decoder, {.rank = 8, .alpha = 16});
//   auto weights = heed::parameters_of(model.decoder);         // only those of the adapters
//   auto gradient = heed::zeros_like(model.decoder);           // backward computes only gradients of adapters
//   ...                                                        // train as any decoder
//   heed::merge_low_rank(model.decoder);                       // W += alpha / rank A B; removes the adapters
#pragma once

#include <heed/model/backward/parameters.hpp>  // linear_layers_of, take_over

#include <cmath>  // sqrt

namespace heed {
inline namespace HEED_ABI {

// Each adapted layer is y = x W + b + alpha / rank (x A) B. Hu et al., "LoRA: Low-Rank Adaptation of Large Language
// Models", 2021.
struct low_rank_sizes {
  index rank = 8;
  double alpha = 16;
  // false: only the projections of attention have adapters; true: also feed-forward layers and experts.
  bool feed = false;
  std::uint64_t seed = 0;
};

// Adds adapters to a decoder. A is normal with standard deviation 1 / sqrt(inputs) and B is 0, so the logits do not
// change. parameters_of and zeros_like then contain only the adapters. Throws shape_error for a rank below 1 or a
// decoder that already has adapters.
template <class Scalar>
void add_low_rank(decoder<Scalar>& d, const low_rank_sizes& s) {
  constexpr const char* name = "heed::add_low_rank";
  detail::require(s.rank > 0, name, ": rank is ", s.rank, ", but it must be 1 at least");
  detail::require(!detail::has_low_rank(d), name,
                  ": the decoder has adapters; heed::merge_low_rank makes them a part of it");
  std::uint64_t seed = s.seed;
  const auto adapt = [&](linear<Scalar>& layer) {
    ++seed;
    if (layer.outputs() == 0) return;
    low_rank<Scalar>& a = layer.adapter;
    a.down.resize(layer.inputs(), s.rank);
    detail::fill_normal(a.down, 1 / std::sqrt(static_cast<double>(layer.inputs())), seed);
    a.up.setZero(s.rank, layer.outputs());
    a.scale = s.alpha / static_cast<double>(s.rank);
  };
  for (transformer_block<Scalar>& b : d.blocks) {
    for (linear<Scalar>* const layer : detail::linear_layers_of(b.attention)) adapt(*layer);
    if (!s.feed) continue;
    for (linear<Scalar>* const layer : detail::linear_layers_of(b.feed)) adapt(*layer);
  }
}

// Adds alpha / rank A B to the weight of each layer with an adapter, which becomes a matrix if it was stored in a
// mapped file, and removes the adapters. Weights of other layers do not change; heed::save_decoder needs
// heed::make_learnable, which makes them matrices also.
template <class Scalar>
void merge_low_rank(decoder<Scalar>& d) {
  const auto merge = [](linear<Scalar>& layer) {
    if (!layer.adapter.given()) return;
    detail::take_over(layer.weight, false);
    layer.weight.noalias() +=
        static_cast<Scalar>(layer.adapter.scale) * (layer.adapter.down * layer.adapter.up);
    layer.adapter = {};
  };
  for (transformer_block<Scalar>& b : d.blocks) {
    for (linear<Scalar>* const layer : detail::linear_layers_of(b.attention)) merge(*layer);
    for (linear<Scalar>* const layer : detail::linear_layers_of(b.feed)) merge(*layer);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
