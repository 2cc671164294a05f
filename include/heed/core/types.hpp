// SPDX-License-Identifier: MIT
// The few names for numbers: index, divide_up, position, matrix.
//
//   heed::matrix<float> x(5, 64);  // row-major: one token a row
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <Eigen/Core>   // Matrix, half, bfloat16
#include <cstddef>      // size_t
#include <cstdint>      // int8_t, int32_t
#include <functional>   // equal_to
#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {

// Sizes and row numbers: Eigen's own, signed. Write heed::index: a `using heed::index` is ambiguous
// beside the function `index` that <strings.h> of POSIX declares.
using index = Eigen::Index;

// A position in a sequence, the type that masks and score rules compute with. 32 bits, so that
// compilers vectorise a rule's arithmetic over neighbouring queries; sequences longer than 2^30 - 1
// are refused.
using position = std::int32_t;

namespace detail {

// a / b, rounded up, of numbers that are not negative.
constexpr index divide_up(index a, index b) { return (a + b - 1) / b; }

// T[Count] with a signed Count, as sizes are in heed; the bounds of C++ arrays are unsigned.
template <class T, index Count>
using fixed_array = T[static_cast<std::size_t>(Count)];

// a == b where exactly that is meant, of floating-point numbers.
template <class Number>
constexpr bool exactly_equal(Number a, Number b) {
  return std::equal_to<Number>()(a, b);
}

}  // namespace detail

// A row-major matrix that owns its elements: (tokens, features).
template <class Scalar>
using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace HEED_ABI
}  // namespace heed
