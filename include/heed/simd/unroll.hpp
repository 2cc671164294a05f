// SPDX-License-Identifier: MIT
// Unrolls a loop of fixed length, at every level from -O2 on.
//
//   heed::unroll<3>([&](index i) HEED_INLINED { sum[i] += x[i]; });
#pragma once

#include <heed/core/types.hpp>  // EIGEN_ALWAYS_INLINE

#include <type_traits>  // integral_constant
#include <utility>      // integer_sequence

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Calls body(0) ... body(Count - 1). Accumulators that a body indexes can then stay in registers,
// where an ordinary loop at -O2 would keep them in memory. The body is compiled once, whatever
// Count is.
template <index Count, class Body>
EIGEN_ALWAYS_INLINE void unroll(const Body& body) {
  HEED_UNROLL for (index i = 0; i < Count; ++i) body(i);
}

// The same for a body that needs its number at compile time: the number is a
// std::integral_constant, and the body is compiled once for each.
template <int Count, class Body>
EIGEN_ALWAYS_INLINE void unroll_constants(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) HEED_INLINED {
    (body(std::integral_constant<int, I>{}), ...);
  }
  (std::make_integer_sequence<int, Count>{});
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
