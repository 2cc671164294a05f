// SPDX-License-Identifier: MIT
// Conversion between types of numbers that keeps finite numbers finite.
//
//   heed::narrowed<float>(-1e300);  // -3.4028235e+38, where static_cast gives -infinity
#pragma once

#include <heed/core/types.hpp>  // half, bfloat16

#include <limits>       // numeric_limits
#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// x as a To. A finite x beyond the largest To becomes the largest; infinities and NaN stay what they
// are.
template <class To, class From>
constexpr To narrowed(From x) {
  using to = std::numeric_limits<To>;
  using from = std::numeric_limits<From>;
  if constexpr (from::has_infinity && int(from::max_exponent) > int(to::max_exponent)) {
    const auto most = static_cast<From>((to::max)());
    const bool above = x > most && x <= (from::max)();
    const bool below = x < -most && x >= from::lowest();
    x = above ? most : x;
    x = below ? -most : x;
  }
  return static_cast<To>(x);
}

// A number in each type that sums are formed in, converted once.
struct both_precisions {
  float single_precision;
  double double_precision;

  constexpr explicit both_precisions(double x)
      : single_precision(narrowed<float>(x)), double_precision(x) {}

  template <class Scalar>
  constexpr Scalar as() const {
    if constexpr (std::is_same_v<Scalar, float>)
      return single_precision;
    else
      return double_precision;
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
