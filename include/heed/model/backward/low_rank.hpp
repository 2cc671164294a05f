// SPDX-License-Identifier: MIT
// A decoder that learns by low-rank adapters alone: its own weights, of any dtype, stay as they are.
//
//   heed::language_model model = heed::load_language_model("SmolLM2-135M");
//   heed::add_low_rank(model.decoder, {.rank = 8, .alpha = 16});
//   auto weights = heed::parameters_of(model.decoder);         // the adapters' alone
//   auto gradient = heed::zeros_like(model.decoder);           // asks for nothing else
//   ...                                                        // learn as any decoder does
//   heed::merge_low_rank(model.decoder);                       // W += alpha / rank A B; no adapters any more
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
  bool feed =
      false;  // feed-forward layers, those of experts too, beside the projections of attention
  std::uint64_t seed = 0;
};

// A begins normal with deviation 1 / sqrt(inputs), B with 0, so that the decoder gives what it gave. From then on
// parameters_of and zeros_like are about the adapters alone. Throws shape_error for a rank below 1 or a decoder that
// has adapters.
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

// Adds what was learned to the weights, which become matrices of the decoder's own where they were stored; those of
// layers without adapters stay. heed::make_learnable gives the others matrices, too, as heed::save_decoder wants it.
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
