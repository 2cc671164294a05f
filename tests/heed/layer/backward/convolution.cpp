// SPDX-License-Identifier: MIT
// The gradients of a convolution: by hand, and beside differences.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/convolution.hpp>

namespace {

using heed::convolution;
using heed::index;
using heed::matrix;
using support::same_bits;
using support::some_numbers;

template <class Scalar>
convolution<Scalar> zeros_of(convolution<Scalar> conv) {
  conv.weights.weight.setZero();
  conv.weights.bias.setZero();
  return conv;
}

// Rows 1, 2, 3, of which a stride of 2 sees (0, 1, 2) and (2, 3, 0), times the weights 1, 10, 100.
TEST(backward_of_convolution, by_hand) {
  convolution<float> conv({.inputs = 1, .outputs = 1, .kernel = 3, .stride = 2});
  conv.weights.weight << 1, 10, 100;
  conv.weights.bias << 0;
  convolution<float> gradient = zeros_of(conv);
  gradient.weights.bias << 1000;  // is added to
  matrix<float> x(3, 1), y, d_y(2, 1), d_x = matrix<float>::Constant(3, 1, 5000);
  x << 1, 2, 3;
  d_y << 2, 3;
  heed::saved<convolution<float>> kept;
  heed::forward(conv, x, y, kept);
  EXPECT_EQ(y, (matrix<float>(2, 1) << 210, 32).finished());
  heed::backward(conv, x, kept, d_y, d_x, gradient);
  // d_y times the seen rows; d_y times the weight at which each row was seen
  EXPECT_EQ(gradient.weights.weight,
            (matrix<float>(3, 1) << 3 * 2, 2 * 1 + 3 * 3, 2 * 2).finished());
  EXPECT_EQ(gradient.weights.bias(0), 1000 + 2 + 3);
  EXPECT_EQ(d_x, (matrix<float>(3, 1) << 5020, 5200 + 3, 5030).finished());
}

// The results are 210 and 32 - 100, of which ReLU lets the first through alone.
TEST(backward_of_convolution, goes_through_the_activation_by_hand) {
  convolution<float> conv(
      {.inputs = 1, .outputs = 1, .stride = 2, .activation = heed::activation::relu});
  conv.weights.weight << 1, 10, 100;
  conv.weights.bias << -100;
  convolution<float> gradient = zeros_of(conv);
  matrix<float> x(3, 1), y, d_y(2, 1);
  x << 1, 2, 3;
  d_y << 2, 3;
  heed::saved<convolution<float>> kept;
  heed::forward(conv, x, y, kept);
  EXPECT_EQ(y, (matrix<float>(2, 1) << 110, 0).finished());
  heed::backward(conv, x, kept, d_y, gradient);
  EXPECT_EQ(gradient.weights.weight, (matrix<float>(3, 1) << 0, 2, 4).finished());
  EXPECT_EQ(gradient.weights.bias(0), 2);
}

TEST(backward_of_convolution, has_the_gradients_of_differences) {
  for (const index stride : {1, 2, 3})
    for (const index kernel : {1, 3, 5})
      for (const index rows : {1, 4, 7}) {
        convolution<double> conv({.inputs = 2,
                                  .outputs = 3,
                                  .kernel = kernel,
                                  .stride = stride,
                                  .activation = heed::activation::gelu});
        support::fill_some(conv.weights.weight, 1);
        support::fill_some(conv.weights.bias, 2);
        convolution<double> gradient = zeros_of(conv);
        matrix<double> x = some_numbers(rows, 2, 3), y, d_x = matrix<double>::Zero(rows, 2);
        heed::saved<convolution<double>> kept;
        heed::forward(conv, x, y, kept);
        EXPECT_TRUE(same_bits(y, conv(x)));
        const matrix<double> d_y = some_numbers(y.rows(), 3, 4);
        heed::backward(conv, x, kept, d_y, d_x, gradient);
        const auto f = [&] { return conv(x).cwiseProduct(d_y).sum(); };
        support::expect_gradient("x", x, d_x, f);
        support::expect_gradient("weight", conv.weights.weight, gradient.weights.weight, f);
        support::expect_gradient("bias", conv.weights.bias, gradient.weights.bias, f);
        convolution<double> without_x = zeros_of(conv);
        heed::backward(conv, x, kept, d_y, without_x);
        EXPECT_TRUE(same_bits(without_x.weights.weight, gradient.weights.weight));
        EXPECT_TRUE(same_bits(without_x.weights.bias, gradient.weights.bias));
      }
}

TEST(backward_of_convolution, has_the_same_bits_on_any_number_of_threads) {
  const convolution<float> conv(
      {.inputs = 130, .outputs = 70, .stride = 2, .activation = heed::activation::gelu});
  const matrix<float> x = some_numbers(301, 130, 3).cast<float>();
  const auto run = [&](const heed::executor& on) {
    convolution<float> gradient = zeros_of(conv);
    heed::saved<convolution<float>> kept;
    matrix<float> y, d_x = matrix<float>::Zero(301, 130);
    heed::forward(conv, x, y, kept, on);
    heed::backward(conv, x, kept, y, d_x, gradient, on);
    return std::vector<matrix<float>>{y, d_x, gradient.weights.weight, gradient.weights.bias};
  };
  const std::vector<matrix<float>> one = run({});
  for (const index threads : {2, 3}) {
    const auto several = run(heed::executor_of(support::on_threads, threads));
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(same_bits(one[i], several[i])) << i;
  }
}

TEST(backward_of_convolution, refuses_gradients_of_other_sizes) {
  const convolution<float> conv({.inputs = 2, .outputs = 3});
  convolution<float> gradient = zeros_of(conv);
  heed::saved<convolution<float>> kept;
  matrix<float> x = matrix<float>::Zero(4, 2), y, d_x = matrix<float>::Zero(4, 3);
  heed::forward(conv, x, y, kept);
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [&] { heed::backward(conv, x, kept, matrix<float>(3, 3), gradient); }),
            "heed::backward of convolution: d_y is 3x3, but it must be 4x3");
  EXPECT_EQ(
      support::refusal<heed::shape_error>([&] { heed::backward(conv, x, kept, y, d_x, gradient); }),
      "heed::backward of convolution: d_x is 4x3, but it must be 4x2");
}

}  // namespace
