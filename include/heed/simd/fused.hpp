// SPDX-License-Identifier: MIT
// Multiply-add of scalars, a b + c, rounded as the vector instructions of the same machine round
// it.
//
//   heed::fused(0.1f, 10.0f, -1.0f);  // 1.4901161e-08 with fused multiply-add, 0 without
#pragma once

#include <heed/core/types.hpp>  // HEED_ABI

#include <cmath>  // fma

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Rounds once where the machine has fused multiply-add, twice elsewhere. In a plain `a * b + c` the
// compiler would choose between the two.
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
