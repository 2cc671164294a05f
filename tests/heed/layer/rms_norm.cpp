// SPDX-License-Identifier: MIT
// Root mean square normalisation by hand. Layouts, refusals and bits are norm_call's.
#include "support/refusal.hpp"

#include <heed/layer/rms_norm.hpp>

#include <gtest/gtest.h>

namespace {

using heed::matrix;
using heed::rms_norm;
using support::refusal;

TEST(rms_norm, by_hand) {
  rms_norm<double> norm({.model = 2, .epsilon = 0});
  matrix<double> x(2, 2), want(2, 2);
  x << 1, 7, 0, -3;  // mean squares 25 and 9/2
  want << 0.2, 1.4, 0, -std::sqrt(2.);
  EXPECT_LE((norm(x) - want).cwiseAbs().maxCoeff(), 1e-15);
  norm.weight << 10, 20;
  want << 2, 28, 0, -20 * std::sqrt(2.);
  EXPECT_LE((norm(x) - want).cwiseAbs().maxCoeff(), 1e-14);
  norm.epsilon = 11;  // √(25 + 11) is 6
  EXPECT_NEAR(norm(x)(0, 1), 20 * 7 / 6., 1e-14);
}

TEST(rms_norm, norms_each_head_where_rows_hold_several) {
  rms_norm<float> norm({.model = 2, .epsilon = 0});
  norm.weight << 1, 2;
  matrix<float> x(1, 4), want(1, 4);
  x << 2, -2, 0.5f, 0.5f;
  want << 1, -2, 1, 2;
  EXPECT_EQ(norm(x), want);
}

TEST(rms_norm, squares_of_large_numbers_do_not_overflow) {
  const rms_norm<float> norm({.model = 2});
  matrix<float> x(1, 2), want(1, 2);
  x << 1e30f, -1e30f;
  want << 1, -1;
  EXPECT_EQ(norm(x), want);
}

TEST(rms_norm, begins_as_weight_1) {
  const rms_norm<float> norm({.model = 3});
  EXPECT_EQ(norm.weight, Eigen::RowVector3f::Ones());
  EXPECT_EQ(norm.epsilon, 1e-6);
  EXPECT_EQ(refusal([] { rms_norm<float>({.model = 0}); }),
            "heed::rms_norm: model was not given, or is 0; it is the columns of x");
  EXPECT_EQ(refusal([] { rms_norm<float>({.model = -1}); }),
            "heed::rms_norm: model is -1, but it must be positive");
}

}  // namespace
