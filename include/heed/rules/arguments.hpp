// SPDX-License-Identifier: MIT
// What the likely mistakes in a call's arguments are told at compile time.
#pragma once

#include <heed/core/concepts.hpp>  // eigen_object, storage, writable
#include <heed/core/view.hpp>      // scalar_of

namespace heed {
inline namespace HEED_ABI {

template <class T>
concept attention_scalar = std::is_same_v<T, float> || std::is_same_v<T, double> ||
    std::is_same_v<T, Eigen::half> || std::is_same_v<T, Eigen::bfloat16>;

// One sentence for each thing that can be wrong with q, k and v; true if nothing is.
template <class Q, class K, class V>
constexpr bool inputs_are_good() {
  static_assert(eigen_object<Q> && eigen_object<K> && eigen_object<V>,
                "heed: q, k and v must be Eigen matrices");
  static_assert(storage<Q>, "heed: q is an Eigen expression; store it or call .eval()");
  static_assert(storage<K>, "heed: k is an Eigen expression; store it or call .eval()");
  static_assert(storage<V>, "heed: v is an Eigen expression; store it or call .eval()");
  if constexpr (storage<Q> && storage<K> && storage<V>) {
    constexpr bool same =
        std::is_same_v<scalar_of<Q>, scalar_of<K>> && std::is_same_v<scalar_of<Q>, scalar_of<V>>;
    static_assert(same, "heed: q, k and v have different scalar types; .cast<>() to one of them");
    static_assert(attention_scalar<scalar_of<Q>>,
                  "heed: the scalar must be float, double, Eigen::half or Eigen::bfloat16");
    return same && attention_scalar<scalar_of<Q>>;
  } else {
    return false;
  }
}

// The same for an output that must have the scalar of `Like`.
template <class Out, class Like>
constexpr bool output_is_good() {
  static_assert(storage<Out>, "heed: the output is an Eigen expression; give memory to write to");
  static_assert(!storage<Out> || writable<Out>,
                "heed: the output is constant; give memory that can be written to");
  if constexpr (writable<Out>) {
    constexpr bool same = std::is_same_v<scalar_of<Out>, scalar_of<Like>>;
    static_assert(same, "heed: the output and the inputs have different scalar types");
    return same;
  } else {
    return false;
  }
}

}  // namespace HEED_ABI
}  // namespace heed
