// SPDX-License-Identifier: MIT
// a b + c of plain numbers, rounded as the vectors of the same machine round it.
//
//   heed::fused(0.1f, 10.0f, -1.0f);  // 1.4901161e-08 with fused multiply-add, 0 without
#pragma once

#include <heed/core/types.hpp>  // HEED_ABI

#include <cmath>  // fma

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One rounding where the machine has fused multiply-add, two where not; written `a * b + c`, it
// would be the one or the other as the compiler likes.
template <class Scalar>
Scalar fused(Scalar a, Scalar b, Scalar c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
