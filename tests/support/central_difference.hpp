// SPDX-License-Identifier: MIT
// Derivatives by trying: (f(x + h) - f(x - h)) / 2 h, of which the error is about h².
#pragma once

#include <heed/core/types.hpp>

namespace support {

// The gradient of f() by each number of a matrix or vector that f reads, by differences of two widths,
// of which the leading error cancels (Richardson).
template <class Numbers, class Function>
Eigen::MatrixXd central_differences(Numbers& x, const Function& f) {
  Eigen::MatrixXd gradient(x.rows(), x.cols());
  for (heed::index i = 0; i < x.rows(); ++i)
    for (heed::index j = 0; j < x.cols(); ++j) {
      const double before = x(i, j);
      const auto difference = [&](double h) {
        x(i, j) = before + h;
        const double above = f();
        x(i, j) = before - h;
        const double below = f();
        x(i, j) = before;
        return (above - below) / (2 * h);
      };
      constexpr double h = 1e-3;
      gradient(i, j) = (4 * difference(h) - difference(2 * h)) / 3;
    }
  return gradient;
}

}  // namespace support
