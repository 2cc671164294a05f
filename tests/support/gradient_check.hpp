// SPDX-License-Identifier: MIT
// A gradient beside central differences of the forward, number by number.
#pragma once

#include "support/central_difference.hpp"

#include <heed/core/types.hpp>
#include <heed/layer/initialise.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace support {

// Numbers of about 1 that are the same on every machine.
inline heed::matrix<double> some_numbers(heed::index rows, heed::index cols, std::uint64_t seed) {
  heed::matrix<double> m(rows, cols);
  heed::detail::fill_normal(m, 1, seed);
  return m;
}

// ... and into a weight or a bias of any shape.
template <class Numbers>
void fill_some(Numbers& to, std::uint64_t seed, double size = 1) {
  to = size * some_numbers(to.rows(), to.cols(), seed);
}

// Whether `gradient` is that of f() by the numbers x, to 1e-7 of the largest.
template <class Numbers, class Gradient, class Function>
void expect_gradient(const char* of, Numbers& x, const Gradient& gradient, const Function& f) {
  ASSERT_EQ(x.rows(), gradient.rows()) << of;
  ASSERT_EQ(x.cols(), gradient.cols()) << of;
  const Eigen::MatrixXd want = central_differences(x, f);
  const double largest = want.size() > 0 ? want.cwiseAbs().maxCoeff() : 0;
  EXPECT_GT(largest, 1e-3) << of << ": nothing would be seen";
  EXPECT_LE((want - gradient).cwiseAbs().maxCoeff(), 1e-7 * (std::max)(largest, 1e-2)) << of;
}

}  // namespace support
