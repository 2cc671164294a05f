// SPDX-License-Identifier: MIT
// The gradients of norms beside differences: of rows, of heads, of heads with weights of their own.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/normalisation.hpp>

namespace {

using heed::index;
using heed::layer_norm;
using heed::matrix;
using heed::normalisation;
using heed::rms_norm;
using support::some_numbers;

template <class Norm>
void check(Norm norm, index cols) {
  support::fill_some(norm.weight, 1);
  if constexpr (requires { norm.bias; }) support::fill_some(norm.bias, 2);
  Norm gradient = norm;
  gradient.weight.setZero();
  if constexpr (requires { norm.bias; }) gradient.bias.setZero();
  matrix<double> x = some_numbers(5, cols, 3), d_x = matrix<double>::Zero(5, cols);
  const matrix<double> d_y = some_numbers(5, cols, 4);
  const auto f = [&] { return norm(x).cwiseProduct(d_y).sum(); };
  heed::backward(norm, x, d_y, d_x, gradient);
  support::expect_gradient("x", x, d_x, f);
  support::expect_gradient("weight", norm.weight, gradient.weight, f);
  if constexpr (requires { norm.bias; })
    if (norm.bias.size() > 0) support::expect_gradient("bias", norm.bias, gradient.bias, f);
}

TEST(backward_of_norms, are_the_differences_of_layer_norm) {
  check(layer_norm<double>({.model = 7}), 7);
  check(layer_norm<double>({.model = 7, .bias = false, .epsilon = 0.5}), 7);
}
TEST(backward_of_norms, are_the_differences_of_rms_norm) {
  check(rms_norm<double>({.model = 7}), 7);
  check(rms_norm<double>({.model = 7, .epsilon = 0.5}), 7);
}
TEST(backward_of_norms, of_heads) {
  check(layer_norm<double>({.model = 4}), 12);
  check(rms_norm<double>({.model = 4}), 12);
  layer_norm<double> own({.model = 12});
  own.parts = 3;
  check(own, 12);
}

// x = (1, 3): mean 2, deviation 1, n = (-1, 1). With d_y = (1, 0) and weight 2, g = (2, 0): mean(g) is 1 and
// mean(g n) is -1, so d_x = (2 - 1 - 1, 0 - 1 + 1) = 0. Two numbers are always -1 and 1 after the norm.
TEST(backward_of_norms, by_hand) {
  layer_norm<double> norm({.model = 2, .epsilon = 0}), gradient = norm;
  norm.epsilon = 0;
  norm.weight.setConstant(2);
  gradient.weight.setZero();
  matrix<double> x(1, 2), d_y(1, 2), d_x = matrix<double>::Zero(1, 2);
  x << 1, 3;
  d_y << 1, 0;
  heed::backward(norm, x, d_y, d_x, gradient);
  EXPECT_NEAR(d_x(0, 0), 0, 1e-15);
  EXPECT_NEAR(d_x(0, 1), 0, 1e-15);
  EXPECT_EQ(gradient.weight[0], -1);
  EXPECT_EQ(gradient.bias[0], 1);
}

TEST(backward_of_norms, none_hands_on) {
  const normalisation<float> none;
  normalisation<float> gradient, other = rms_norm<float>({.model = 2});
  const matrix<float> x = matrix<float>::Ones(1, 2);
  matrix<float> d_x = x;
  heed::backward(none, x, x, d_x, gradient);
  EXPECT_EQ(d_x(0, 1), 2);
  EXPECT_EQ(support::refusal([&] { heed::backward(none, x, x, d_x, other); }),
            "heed::backward of normalisation: the gradient is of another kind of norm");
}

TEST(backward_of_norms, have_the_same_bits_on_any_number_of_threads) {
  const layer_norm<float> norm({.model = 150});
  layer_norm<float> one = norm, three = norm;
  const matrix<float> x = some_numbers(100, 150, 5).cast<float>(),
                      d_y = some_numbers(100, 150, 6).cast<float>();
  matrix<float> d_one = x, d_three = x;
  heed::backward(norm, x, d_y, d_one, one);
  heed::backward(norm, x, d_y, d_three, three, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_bits(d_one, d_three));
  EXPECT_TRUE(support::same_bits(one.weight, three.weight));
  EXPECT_TRUE(support::same_bits(one.bias, three.bias));
}

}  // namespace
