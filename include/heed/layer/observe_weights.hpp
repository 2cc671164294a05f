// SPDX-License-Identifier: MIT
// Passes the attention probabilities of every layer of a model to a function of yours while the
// model computes.
//
//   std::vector<heed::matrix<float>> seen;
//   gpt.hidden(ids, heed::observe_weights([&](heed::index, const auto& w) { seen.emplace_back(w); }));
//   seen[3].row(2 * n + 7);  // layer 3, head 2: what token 7 of n attends to
#pragma once

#include <heed/core/types.hpp>  // index, matrix

#include <type_traits>  // is_invocable_v
#include <utility>      // forward

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// No modifier of heed::attention, which refuses it: the layers ask for the type.
template <class Observer>
struct weights_observer {
  using observer_type = Observer;

  Observer observer;  // a reference if the argument of observe_weights() has a name
  index layer = 0;
};

// Whether T is an observer.
template <class T>
inline constexpr bool is_observer = requires {
  typename T::observer_type;
};

// A modifier as a model passes it to its layer `number`.
template <class Modifier>
decltype(auto) of_layer(const Modifier& modifier, [[maybe_unused]] index number) {
  if constexpr (is_observer<Modifier>)
    return weights_observer<const typename Modifier::observer_type&>{modifier.observer, number};
  else
    return (modifier);
}

// Calls a modifier that is an observer with the probabilities.
template <class Modifier, class Weights>
void observe(const Modifier& modifier, const Weights& weights) {
  if constexpr (is_observer<Modifier>) {
    constexpr bool fits =
        std::is_invocable_v<const typename Modifier::observer_type&, index, const Weights&>;
    static_assert(fits,
                  "heed::observe_weights: give a function (layer, w) of a heed::index and a matrix "
                  "(heads * queries, keys), or an object that can be called so");
    if constexpr (fits) modifier.observer(modifier.layer, weights);
  }
}

}  // namespace detail

// A modifier of attention_layer and of every model of such layers (transformer_block, decoder, encoder,
// encoder_decoder, text_encoder): calls f(layer, w) after the attention of each layer. `layer` counts from 0, in
// the order in which the model computes them (an encoder_decoder: self-attention, cross-attention, ...). `w` is
// what heed::weights writes there, an Eigen::Map (heads * queries, keys) that f may read until it returns; the
// keys of a cache are all that it holds. In a packed batch column j is key j of the row's own sequence; of several
// sequences with caches, f is called for each. The result has the same bits. Takes memory for one such matrix from
// scratch; a call without an observer takes none, and computes nothing for it.
template <class F>
[[nodiscard]] auto observe_weights(F&& f) {
  return detail::weights_observer<F>{std::forward<F>(f)};
}

}  // namespace HEED_ABI
}  // namespace heed
