// SPDX-License-Identifier: MIT
// Both tails of the normal distribution in vectors: 2 Φ(-x) = erfc(x / √2), for x from 0 on.
//
//   normal_tails(simd<float>::broadcast(0));  // 1 in every lane
//   normal_tails(simd<float>::broadcast(1));  // 0.3173105
#pragma once

#include <heed/simd/exp4.hpp>  // exp4, simd

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// erfc(x / √2) = 4^-q(x), where q(x) / x is smooth: a polynomial of least squares on [0, 6], at Chebyshev's
// points. The relative error is 1.1e-7 up to x = 1, 7e-7 up to 3 and 3e-6 up to 6, where the tails are 2e-9. Beyond
// that the polynomial grows faster than q, and the tails become 0.
EIGEN_ALWAYS_INLINE simd<float>::packet normal_tails(const simd<float>::packet& x) {
  using s = simd<float>;
  constexpr float c[] = {0.575552037928f,    0.229612437179f,    0.0262076102439f,
                         -0.00343953387225f, -4.53753819914e-5f, 1.74730273019e-4f,
                         -5.45738903086e-5f, 1.02610736919e-5f,  -1.29621521891e-6f,
                         1.07954758014e-7f,  -5.37375065125e-9f, 1.21205408032e-10f};
  const auto limit = s::broadcast(20);
  const auto at = s::where_less(x, limit, x, limit);
  auto q = s::broadcast(c[11]);
  for (int i = 10; i >= 0; --i) q = s::multiply_add(q, at, s::broadcast(c[i]));
  return exp4<float>(s::subtract(s::broadcast(0), s::rounded(s::multiply(q, at))));
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
