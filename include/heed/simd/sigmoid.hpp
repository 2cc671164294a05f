// SPDX-License-Identifier: MIT
// The logistic function in vectors: 1 / (1 + exp(-x)).
//
//   sigmoid<float>(simd<float>::broadcast(0));  // 0.5 in every lane
#pragma once

#include <heed/simd/exp4.hpp>  // exp4, simd

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// From the exponential of -|x|, which is at most 1: nothing overflows, and small results keep their
// digits. NaN stays NaN.
template <class Scalar>
EIGEN_ALWAYS_INLINE typename simd<Scalar>::packet sigmoid(const typename simd<Scalar>::packet& x) {
  using s = simd<Scalar>;
  constexpr double log4_e = 0.72134752044448170368;
  const auto zero = s::broadcast(Scalar(0)), one = s::broadcast(Scalar(1));
  const auto size = s::maximum(x, s::subtract(zero, x));
  const auto e =
      exp4<Scalar>(s::subtract(zero, s::rounded(s::multiply(size, s::broadcast(Scalar(log4_e))))));
  return s::divide(s::where_less(x, zero, e, one), s::add(one, e));
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
