// SPDX-License-Identifier: MIT
// Layer normalisation by hand. Layouts, refusals and bits are norm_call's.
#include "support/refusal.hpp"

#include <heed/layer/layer_norm.hpp>

#include <gtest/gtest.h>

namespace {

using heed::layer_norm;
using heed::matrix;
using support::refusal;

TEST(layer_norm, by_hand) {
  // 1, 3, 5, 7: mean 4, variance (9 + 1 + 1 + 9) / 4 = 5, and √(5 + 4) is 3.
  layer_norm<double> norm({.model = 4, .epsilon = 4});
  matrix<double> x(1, 4), want(1, 4);
  x << 1, 3, 5, 7;
  want << -1, -1. / 3, 1. / 3, 1;
  EXPECT_LE((norm(x) - want).cwiseAbs().maxCoeff(), 1e-15);
  norm.weight << 1, 2, 3, 4;
  norm.bias << 10, 20, 30, 40;
  want << 9, 20 - 2. / 3, 31, 44;
  EXPECT_LE((norm(x) - want).cwiseAbs().maxCoeff(), 1e-14);
  norm.bias.resize(0);
  want << -1, -2. / 3, 1, 4;
  EXPECT_LE((norm(x) - want).cwiseAbs().maxCoeff(), 1e-14);
}

TEST(layer_norm, norms_each_head_where_rows_hold_several) {
  layer_norm<float> norm({.model = 2, .epsilon = 0});
  norm.weight << 1, 2;
  norm.bias << 0, 1;
  matrix<float> x(1, 4), want(1, 4);
  x << 1, 3, 5, -5;  // means 2 and 0, deviations 1 and 5
  want << -1, 3, 1, -1;
  EXPECT_EQ(norm(x), want);
}

// The mean of these, 2^24 + 1, is no float.
TEST(layer_norm, keeps_small_differences_of_large_numbers) {
  const layer_norm<float> norm({.model = 2, .epsilon = 0});
  matrix<float> x(1, 2), want(1, 2);
  x << 16777216, 16777218;
  want << -1, 1;
  EXPECT_EQ(norm(x), want);
}

TEST(layer_norm, begins_as_weight_1_and_bias_0) {
  const layer_norm<float> norm({.model = 3});
  EXPECT_EQ(norm.weight, Eigen::RowVector3f::Ones());
  EXPECT_EQ(norm.bias, Eigen::RowVector3f::Zero());
  EXPECT_EQ(layer_norm<float>({.model = 3, .bias = false}).bias.size(), 0);
  EXPECT_EQ(norm.epsilon, 1e-5);
  EXPECT_EQ(refusal([] { layer_norm<float>({.model = 0}); }),
            "heed::layer_norm: model was not given, or is 0; it is the columns of x");
  EXPECT_EQ(refusal([] { layer_norm<float>({.model = -2}); }),
            "heed::layer_norm: model is -2, but it must be positive");
}

TEST(layer_norm, refuses_a_bias_that_does_not_fit) {
  layer_norm<float> norm({.model = 4});
  norm.bias.resize(3);
  const matrix<float> x = matrix<float>::Zero(2, 4);
  EXPECT_EQ(refusal([&] { (void)norm(x); }),
            "heed::layer_norm: the bias has 3 numbers, but the weight has 4");
}

// Means 2 and 0, deviations 1 and 5; each half has weights of its own.
TEST(layer_norm, norms_the_parts_of_its_weight_apart) {
  layer_norm<double> norm({.model = 4, .bias = false, .epsilon = 0});
  norm.weight << 1, 2, 3, 4;
  norm.parts = 2;
  matrix<double> x(1, 8), want(1, 8);
  x << 1, 3, 5, -5, 5, -5, 1, 3;
  want << -1, 2, 3, -4, 1, -2, -3, 4;
  EXPECT_EQ(norm(x), want);
  norm.parts = 3;
  EXPECT_EQ(refusal<heed::shape_error>([&] { static_cast<void>(norm(x)); }),
            "heed::layer_norm: the weight has 4 numbers, which are not 3 equal parts");
}

}  // namespace
