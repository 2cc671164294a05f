// SPDX-License-Identifier: MIT
// The derivatives of activations beside differences.
#include "support/gradient_check.hpp"
#include "support/refusal.hpp"

#include <heed/layer/backward/activation.hpp>

namespace {

using heed::activation;
using heed::matrix;

constexpr activation all[] = {activation::identity, activation::relu,      activation::relu_squared,
                              activation::gelu,     activation::gelu_tanh, activation::quick_gelu,
                              activation::silu,     activation::tanh};

// 23 numbers are no whole number of vectors.
TEST(activate_backward, is_the_difference_of_activate) {
  for (const activation function : all) {
    matrix<double> x = support::some_numbers(1, 23, 1), d = support::some_numbers(1, 23, 2);
    x.row(0).tail(2) << 7, -7;
    const matrix<double> d_y = d;
    heed::activate_backward(function, x, d);
    support::expect_gradient("x", x, d, [&] {
      matrix<double> y = x;
      heed::activate(function, y);
      return y.cwiseProduct(d_y).sum();
    });
  }
}

TEST(activate_backward, by_hand) {
  matrix<float> x = matrix<float>::Zero(1, 1), d = matrix<float>::Constant(1, 1, 8);
  heed::activate_backward(activation::silu, x, d);  // sigmoid(0) = 1/2
  EXPECT_FLOAT_EQ(d(0, 0), 4);
  x << -1;
  heed::activate_backward(activation::relu, x, d);
  EXPECT_EQ(d(0, 0), 0);
}

TEST(activate_backward, refuses_other_sizes) {
  matrix<float> x(1, 2), d(2, 1);
  EXPECT_EQ(support::refusal([&] { heed::activate_backward(activation::silu, x, d); }),
            "heed::activate_backward: x is 1x2, but d is 2x1");
}

}  // namespace
