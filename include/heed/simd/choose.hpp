// SPDX-License-Identifier: MIT
// Select: one of two numbers, chosen by bit masks, without a branch and without a floating-point
// operation, so that a loop over it is vectorised whatever computes the condition.
//
//   heed::choose(true, 1.0f, 2.0f);  // 1
#pragma once

#include <heed/simd/simd.hpp>  // bits_of

#include <bit>     // bit_cast
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Scalar>
EIGEN_ALWAYS_INLINE Scalar choose(bool first, Scalar a, Scalar b) {
  using bits = typename bits_of<Scalar>::integer;
  const bits all = bits(0) - static_cast<bits>(first);
  return std::bit_cast<Scalar>((std::bit_cast<bits>(a) & all) | (std::bit_cast<bits>(b) & ~all));
}

// The changed score, or -infinity where the score was -infinity before the change: an excluded pair
// stays excluded.
template <class Scalar>
EIGEN_ALWAYS_INLINE Scalar keep_excluded(Scalar before, Scalar after) {
  using bits = typename bits_of<Scalar>::integer;
  constexpr Scalar excluded = -std::numeric_limits<Scalar>::infinity();
  return choose(std::bit_cast<bits>(before) == std::bit_cast<bits>(excluded), excluded, after);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
