// SPDX-License-Identifier: MIT
// How far two evaluations of attention in floating point may be apart.
#pragma once

#include <heed/core/types.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

namespace conformance {

using heed::index;

// Half the distance from 1 to the next number: the error of one rounding.
template <class Scalar>
inline constexpr double unit_roundoff = 0;
template <>
inline constexpr double unit_roundoff<double> = 0x1p-53;
template <>
inline constexpr double unit_roundoff<float> = 0x1p-24;
template <>
inline constexpr double unit_roundoff<Eigen::half> = 0x1p-11;
template <>
inline constexpr double unit_roundoff<Eigen::bfloat16> = 0x1p-8;

// The error of one rounding, and of one addition within a sum, which NumPy, like heed, forms in
// float for half and bfloat16.
struct precision {
  double rounding, adding;
};
template <class Scalar>
inline constexpr precision precision_of{unit_roundoff<Scalar>,
                                        unit_roundoff<heed::accumulator_t<Scalar>>};

// First-order worst cases for one evaluation:
//   a score is a sum of `width` products that was scaled (before or after: at most 4 roundings),
//   bent (3) and added to a bias (1), from which the row's maximum is taken away (a difference of
//   at most twice the largest score); a probability inherits that twice (from its own score and
//   from the sum), and has an exponential, a sum of `keys` terms and a division of its own; an
//   output is a sum of `keys` products of probabilities, whose sum is 1, and values.
struct attention_rounding {
  index width, keys;
  double largest_score;  // sum of |q_f k_f|, scaled, plus the largest finite |bias|
  double largest_value;

  [[nodiscard]] double score(precision p) const {
    return (10 * p.rounding + static_cast<double>(width) * p.adding) * largest_score;
  }
  [[nodiscard]] double weight(precision p) const { return 2 * score(p) + sum(p); }
  [[nodiscard]] double output(precision p) const {
    return (weight(p) + p.rounding + static_cast<double>(keys) * p.adding) * largest_value;
  }
  // Of log(probability) + log-sum-exp: the probability's error, that of the sum and its logarithm.
  [[nodiscard]] double recovered_score(precision p) const {
    return weight(p) + score(p) + sum(p) + p.rounding * largest_score;
  }

 private:
  // Relative, of a sum of exponentials and a division by it.
  [[nodiscard]] double sum(precision p) const {
    return 6 * p.rounding + static_cast<double>(keys) * p.adding;
  }
};

// Says where two matrices differ by more than the bound; nothing where they agree. Infinities agree
// with themselves, NaN with nothing.
template <class Got, class Expected>
std::string difference(const std::string& what, const Got& got, const Expected& expected,
                       double bound) {
  std::ostringstream said;
  if (got.rows() != expected.rows() || got.cols() != expected.cols())
    said << what << " is " << got.rows() << 'x' << got.cols() << ", but must be " << expected.rows()
         << 'x' << expected.cols() << "; ";
  else
    for (index row = 0; row < got.rows(); ++row)
      for (index col = 0; col < got.cols(); ++col) {
        const auto a = static_cast<double>(got(row, col));
        const auto b = static_cast<double>(expected(row, col));
        if (heed::detail::exactly_equal(a, b) || std::abs(a - b) <= bound) continue;
        said << what << '(' << row << ", " << col << ") is " << a << ", but must be " << b << " to "
             << bound << "; ";
        return said.str();
      }
  return said.str();
}

}  // namespace conformance
