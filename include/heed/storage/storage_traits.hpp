// SPDX-License-Identifier: MIT
// The properties of every type in which numbers are stored. A new type is one file: the type, its
// specialisation of storage_traits, and, where Eigen has none, its loads into vectors (simd::load).
//
//   static_assert(heed::storage_traits<Eigen::half>::of_attention);
//   static_assert(std::is_same_v<heed::accumulator_t<Eigen::half>, float>);
#pragma once

#include <heed/core/types.hpp>  // half, bfloat16

#include <cstdint>      // int8_t
#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {

// The default, for a type that only masks and biases have: sums are formed in the type itself.
template <class Storage>
struct storage_traits {
  using accumulator = Storage;                 // the type in which sums of such numbers are formed
  static constexpr bool of_attention = false;  // whether q, k, v and results can be of it
  static constexpr bool has_scales =
      false;  // whether the value of a number is the number times a scale of its row
};
template <>
struct storage_traits<float> {
  using accumulator = float;
  static constexpr bool of_attention = true;
  static constexpr bool has_scales = false;
};
template <>
struct storage_traits<double> {
  using accumulator = double;
  static constexpr bool of_attention = true;
  static constexpr bool has_scales = false;
};
template <>
struct storage_traits<Eigen::half> {
  using accumulator = float;
  static constexpr bool of_attention = true;
  static constexpr bool has_scales = false;
};
template <>
struct storage_traits<Eigen::bfloat16> {
  using accumulator = float;
  static constexpr bool of_attention = true;
  static constexpr bool has_scales = false;
};
// Keys and values alone: heed::quantised.
template <>
struct storage_traits<std::int8_t> {
  using accumulator = float;
  static constexpr bool of_attention = true;
  static constexpr bool has_scales = true;
};

// The type in which sums over values stored as Storage are formed: float for half, bfloat16 and
// 8-bit integers.
template <class Storage>
using accumulator_t = typename storage_traits<Storage>::accumulator;

namespace detail {

// The types that queries and results can have, and keys and values without scales.
template <class T>
concept attention_scalar = storage_traits<T>::of_attention && !storage_traits<T>::has_scales;

// Whether queries of scalar Q go with keys and values of scalar K: K is Q, or Q is the type in
// which sums over K are formed. Scales are float, so that queries of every type whose sums are
// float go with numbers that have scales.
template <class Q, class K>
constexpr bool goes_with = std::is_same_v<Q, K> || std::is_same_v<Q, accumulator_t<K>> ||
                           (storage_traits<K>::has_scales &&
                            std::is_same_v<accumulator_t<Q>, accumulator_t<K>>);

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
