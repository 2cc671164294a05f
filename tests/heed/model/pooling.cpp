// SPDX-License-Identifier: MIT
// Poolings of two sequences, by hand.
#include "support/refusal.hpp"

#include <heed/model/pooling.hpp>

#include <gtest/gtest.h>

namespace {

using heed::matrix;
using heed::pooling;

matrix<double> pooled(pooling kind) {
  matrix<double> x(6, 2);
  x << 1, 8, 3, 2, 5, 5, 6, 1,  // a sequence of four
      7, -3, 9, 2;              // and of two
  return heed::pool(kind, x, {0, 4, 6});
}
matrix<double> rows(double a, double b, double c, double d) {
  matrix<double> m(2, 2);
  m << a, b, c, d;
  return m;
}

TEST(pooling, of_two_sequences) {
  EXPECT_EQ(pooled(pooling::first), rows(1, 8, 7, -3));
  EXPECT_EQ(pooled(pooling::last), rows(6, 1, 9, 2));
  EXPECT_EQ(pooled(pooling::mean), rows(3.75, 4, 8, -0.5));
  EXPECT_EQ(pooled(pooling::largest), rows(6, 8, 9, 2));
  EXPECT_EQ(pooled(pooling::weighted_mean), rows(4.6, 3.1, 25 / 3.0, 1 / 3.0));
  EXPECT_TRUE(pooled(pooling::mean_sqrt)
                  .isApprox(rows(7.5, 8, 16 / std::sqrt(2.0), -1 / std::sqrt(2.0)), 1e-15));
}

TEST(pooling, refuses_a_sequence_without_tokens) {
  const matrix<float> x = matrix<float>::Zero(3, 2);
  EXPECT_EQ(support::refusal<heed::shape_error>([&] {
              (void)heed::pool(pooling::mean, x, {0, 3, 3});
            }),
            "heed::pool: sequence 1 has 0 tokens; at least one is needed");
  EXPECT_EQ(support::refusal<heed::shape_error>([&] {
              (void)heed::pool(pooling::mean, x, {0, 2});
            }),
            "heed::pool: starts must begin at 0 and end at 3, the rows of x");
}

}  // namespace
