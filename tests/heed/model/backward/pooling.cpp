// SPDX-License-Identifier: MIT
// The gradients of every pooling beside differences, and by hand.
#include "support/gradient_check.hpp"
#include "support/refusal.hpp"

#include <heed/model/backward/pooling.hpp>

namespace {

using heed::index;
using heed::matrix;
using heed::pooling;
using support::some_numbers;

const std::vector<index> starts = {0, 3, 4, 9};

TEST(pool_backward, is_the_derivative_of_every_pooling) {
  for (const pooling kind : {pooling::first, pooling::last, pooling::mean, pooling::largest,
                             pooling::mean_sqrt, pooling::weighted_mean}) {
    matrix<double> x = some_numbers(9, 4, 2), d_x = matrix<double>::Zero(9, 4);
    const matrix<double> d_v = some_numbers(3, 4, 3);
    heed::pool_backward(kind, x, starts, d_v, d_x);
    const auto f = [&] { return heed::pool(kind, x, starts).cwiseProduct(d_v).sum(); };
    support::expect_gradient(("pooling " + std::to_string(int(kind))).c_str(), x, d_x, f);
  }
}

// Rows {1, 5}, {4, 5}: the largest are the second row's 4 and the first row's 5, of two that are equal.
TEST(pool_backward, adds_what_is_found) {
  matrix<double> x(2, 2), d_v(1, 2), d_x(2, 2), want(2, 2);
  x << 1, 5, 4, 5;
  d_v << 10, 20;
  d_x.setOnes();
  heed::pool_backward(pooling::largest, x, {0, 2}, d_v, d_x);
  want << 1, 21, 11, 1;
  EXPECT_EQ(d_x, want);
  heed::pool_backward(pooling::mean, x, {0, 2}, d_v, d_x);
  want << 6, 31, 16, 11;
  EXPECT_EQ(d_x, want);
}

TEST(pool_backward, refuses_what_does_not_fit) {
  matrix<double> x(3, 2), d_v(2, 2), d_x(3, 2);
  const auto refusal = [&](const std::vector<index>& given) {
    return support::refusal([&] { heed::pool_backward(pooling::mean, x, given, d_v, d_x); });
  };
  EXPECT_EQ(refusal({0, 3, 3}),
            "heed::pool_backward: sequence 1 has no tokens; at least one is needed");
  EXPECT_EQ(refusal({0, 1, 2, 3}), "heed::pool_backward: d_v is 2x2, but it must be 3x2");
}

}  // namespace
