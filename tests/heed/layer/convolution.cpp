// SPDX-License-Identifier: MIT
// Convolutions along rows, by hand.
#include "support/refusal.hpp"

#include <heed/layer/convolution.hpp>

#include <gtest/gtest.h>

namespace {

using heed::matrix;

heed::convolution<float> made(heed::index stride) {
  heed::convolution<float> conv({.inputs = 2, .outputs = 1, .kernel = 3, .stride = stride});
  conv.weights.weight << 1, 10, 100, 2, 20,
      200;  // column 0: before, here, behind; column 1: the same
  conv.weights.bias << 0.5f;
  return conv;
}

TEST(convolution, has_zeros_around_the_sequence) {
  matrix<float> x(3, 2), expected(3, 1);
  x << 1, 0, 2, 0, 3, 1;
  expected << 10 + 200 + 0.5f, 1 + 20 + 300 + 200 + 0.5f, 2 + 30 + 20 + 0.5f;
  EXPECT_EQ(made(1)(x), expected);
}

TEST(convolution, strides) {
  matrix<float> x(4, 2);
  x << 1, 0, 2, 0, 3, 1, 0, 0;
  const matrix<float> y = made(2)(x);
  ASSERT_EQ(y.rows(), 2);
  EXPECT_EQ(y(0, 0), 10 + 200 + 0.5f);
  EXPECT_EQ(y(1, 0), 2 + 30 + 20 + 0.5f);
  EXPECT_EQ(made(2)(matrix<float>(0, 2)).rows(), 0);
}

TEST(convolution, shows_what_its_weights_are_given) {
  matrix<float> x(2, 2), expected(2, 6);
  x << 1, 4, 2, 5;
  expected << 0, 1, 2, 0, 4, 5, 1, 2, 0, 4, 5, 0;
  EXPECT_EQ(made(1).seen(x), expected);
  EXPECT_EQ(made(2).seen(x), expected.topRows(1));
}

TEST(convolution, applies_its_activation) {
  heed::convolution<float> conv = made(1);
  conv.activation = heed::activation::relu;
  conv.weights.bias << -1000;
  EXPECT_EQ(conv(matrix<float>::Ones(3, 2)), (matrix<float>::Zero(3, 1)));
}

TEST(convolution, refuses_other_columns_and_an_even_kernel) {
  EXPECT_EQ(support::refusal<heed::shape_error>([] { (void)made(1)(matrix<float>(3, 4)); }),
            "heed::convolution: x is 3x4, but inputs is 2");
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [] { (void)heed::convolution<float>({.inputs = 1, .outputs = 1, .kernel = 2}); }),
            "heed::convolution: kernel is 2, stride is 1; both must be positive, and kernel must "
            "be odd");
}

}  // namespace
