// SPDX-License-Identifier: MIT
// The hyperbolic tangent without a branch, so that a loop over it becomes vector code.
//
//   heed::tanh(0.5f);  // 0.4621172
#pragma once

#include <heed/simd/fused.hpp>  // fused

#include <algorithm>  // min
#include <bit>        // bit_cast
#include <cmath>      // tanh
#include <cstdint>    // uint32_t
#include <limits>     // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// x P(x²) / Q(x²), fitted to the smallest relative error (2.3e-8) on [-9.1, 9.1], beyond which the
// result rounds to ±1. Good to 6 units in the last place; NaN stays NaN. The limit is imposed on the
// bits, because compilers turn a comparison of floats into a branch.
inline float tanh(float x) {
  constexpr auto largest = std::bit_cast<std::uint32_t>(9.1f);
  constexpr auto infinity = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::infinity());
  constexpr std::uint32_t sign = 0x80000000u;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t size = bits & ~sign;
  const std::uint32_t limited = size > infinity ? size : (std::min)(size, largest);
  const auto inside = std::bit_cast<float>(limited | (bits & sign));
  const float t = inside * inside;
  float p = fused(1.31754281e-8f, t, 2.04798990e-5f);
  p = fused(p, t, 3.48774501e-3f);
  p = fused(p, t, 0.133744246f);
  p = fused(p, t, 0.999999978f);
  float q = fused(7.70325109e-7f, t, 3.27280306e-4f);
  q = fused(q, t, 2.58471523e-2f);
  q = fused(q, t, 0.467077387f);
  q = fused(q, t, 1.0f);
  return inside * p / q;
}

// std::tanh.
inline double tanh(double x) { return std::tanh(x); }

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
