// SPDX-License-Identifier: MIT
// The hyperbolic tangent without a branch, so that a loop over it becomes vector code.
//
//   heed::tanh(0.5f);  // 0.4621172
#pragma once

#include <heed/core/types.hpp>  // HEED_ABI

#include <cmath>  // tanh

namespace heed {
inline namespace HEED_ABI {

// x P(x²) / Q(x²), fitted to the smallest relative error (2.3e-8) on [-9.1, 9.1], beyond which the
// result rounds to ±1. Good to 6 units in the last place; NaN stays NaN.
inline float tanh(float x) {
  constexpr float largest = 9.1f;
  const float inside = x > largest ? largest : (x < -largest ? -largest : x);
  const float t = inside * inside;
  const float p =
      (((1.31754281e-8f * t + 2.04798990e-5f) * t + 3.48774501e-3f) * t + 0.133744246f) * t +
      0.999999978f;
  const float q =
      (((7.70325109e-7f * t + 3.27280306e-4f) * t + 2.58471523e-2f) * t + 0.467077387f) * t + 1.0f;
  return inside * p / q;
}

// The standard library's.
inline double tanh(double x) { return std::tanh(x); }

}  // namespace HEED_ABI
}  // namespace heed
