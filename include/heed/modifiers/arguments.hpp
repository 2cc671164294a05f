// SPDX-License-Identifier: MIT
// Compile-time checks of a call's arguments: one sentence for each likely mistake.
#pragma once

#include <heed/core/concepts.hpp>      // eigen_object, storage, writable
#include <heed/storage/key_tiles.hpp>  // key_tiles
#include <heed/storage/quantised.hpp>  // quantised
#include <heed/storage/view.hpp>       // scalar_of

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class T>
inline constexpr bool is_quantised = std::is_same_v<std::remove_cvref_t<T>, quantised>;

template <class T>
concept are_key_tiles = std::is_same_v<std::remove_cvref_t<T>, key_tiles<scalar_of<T>>>;

// The types that keys and values can have; values do not lie in tiles.
template <class T>
concept key_storage = storage<T> || is_quantised<T> || are_key_tiles<T>;

// The view of such keys or values that a call works with.
template <class T>
using key_view_t = std::conditional_t<is_quantised<T>, quantised, tiled_view<const scalar_of<T>>>;

// One static_assert with a sentence for each possible mistake in q, k and v; true if there is none.
template <class Q, class K, class V>
constexpr bool inputs_are_good() {
  static_assert(
      eigen_object<Q> && (eigen_object<K> || key_storage<K>)&&(eigen_object<V> || key_storage<V>),
      "heed: q, k and v must be Eigen matrices (Eigen::Map makes one of other memory), or k and v "
      "heed::quantised, or k heed::key_tiles");
  static_assert(!eigen_object<Q> || storage<Q>,
                "heed: q is an Eigen expression; store it or call .eval()");
  static_assert(!eigen_object<K> || key_storage<K>,
                "heed: k is an Eigen expression; store it or call .eval()");
  static_assert(!eigen_object<V> || key_storage<V>,
                "heed: v is an Eigen expression; store it or call .eval()");
  static_assert(!are_key_tiles<V>, "heed: v is heed::key_tiles; only keys may lie in tiles");
  if constexpr (storage<Q> && key_storage<K> && key_storage<V>) {
    constexpr bool same =
        std::is_same_v<scalar_of<K>, scalar_of<V>> && is_quantised<K> == is_quantised<V>;
    constexpr bool fits = same && goes_with<scalar_of<Q>, scalar_of<K>>;
    static_assert(
        fits,
        "heed: q, k and v have different scalar types; .cast<>() to one of them (q may be "
        "float where k and v are half, bfloat16 or heed::quantised)");
    constexpr bool good =
        attention_scalar<scalar_of<Q>> && (attention_scalar<scalar_of<K>> || is_quantised<K>);
    static_assert(good,
                  "heed: the scalar must be float, double, Eigen::half or Eigen::bfloat16; 8-bit "
                  "keys and values come with their scales, as heed::quantised");
    return fits && good;
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

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
