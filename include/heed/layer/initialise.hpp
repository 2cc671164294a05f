// SPDX-License-Identifier: MIT
// Initial values of weights: seeded random numbers, the same on every machine.
#pragma once

#include <heed/core/types.hpp>   // matrix
#include <heed/simd/philox.hpp>  // philox, unit

#include <cmath>    // sqrt, log, cos
#include <cstdint>  // uint32_t, uint64_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The random words of one element of a weight.
inline std::array<std::uint32_t, 4> element_words(index row, index col, std::uint64_t seed) {
  return philox({static_cast<std::uint32_t>(col), static_cast<std::uint32_t>(row), 0, 0}, seed);
}

// Uniform on ±√(6 / (inputs + outputs)), which keeps the variance of numbers that pass through a
// layer.
//
// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
// 2010.
template <class Scalar>
void fill_glorot(matrix<Scalar>& weight, std::uint64_t seed) {
  const double bound = std::sqrt(6.0 / static_cast<double>(weight.rows() + weight.cols()));
  for (index row = 0; row < weight.rows(); ++row)
    for (index col = 0; col < weight.cols(); ++col)
      weight(row, col) =
          static_cast<Scalar>(bound * (2 * unit(detail::element_words(row, col, seed)[0]) - 1));
}

// Normal with mean 0 and the given deviation (Box and Muller, 1958).
template <class Scalar>
void fill_normal(matrix<Scalar>& weight, double deviation, std::uint64_t seed) {
  constexpr double two_pi = 6.283185307179586477;
  for (index row = 0; row < weight.rows(); ++row)
    for (index col = 0; col < weight.cols(); ++col) {
      const auto words = detail::element_words(row, col, seed);
      const double radius = std::sqrt(-2 * std::log(1 - unit(words[0])));
      weight(row, col) =
          static_cast<Scalar>(deviation * radius * std::cos(two_pi * unit(words[1])));
    }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
