// SPDX-License-Identifier: MIT
// The gradients of a linear layer by hand, beside differences, and what is refused.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/linear.hpp>

namespace {

using heed::linear;
using heed::matrix;
using support::refusal;
using support::same_bits;
using support::some_numbers;

// y = x W + b of two tokens: d_x = d_y Wᵀ, d_W = xᵀ d_y, d_b the sum of d_y's rows; all are added.
TEST(backward_of_linear, by_hand) {
  linear<float> layer({.inputs = 2, .outputs = 1}), gradient = layer;
  layer.weight << 3, 5;
  gradient.weight << 100, 200;
  gradient.bias << 300;
  matrix<float> x(2, 2), d_y(2, 1), d_x = matrix<float>::Constant(2, 2, 1000), want(2, 2);
  x << 1, 2, 7, 11;
  d_y << 1, 10;
  heed::backward(layer, x, d_y, d_x, gradient);
  want << 1003, 1005, 1030, 1050;
  EXPECT_EQ(d_x, want);
  EXPECT_EQ(gradient.weight(0, 0), 100 + 1 * 1 + 7 * 10);
  EXPECT_EQ(gradient.weight(1, 0), 200 + 2 * 1 + 11 * 10);
  EXPECT_EQ(gradient.bias[0], 311);
}

TEST(backward_of_linear, is_the_difference_of_the_forward) {
  linear<double> layer({.inputs = 5, .outputs = 7}), gradient = layer;
  support::fill_some(layer.bias, 1);
  gradient.weight.setZero();
  gradient.bias.setZero();
  matrix<double> x = some_numbers(6, 5, 2), d_x = matrix<double>::Zero(6, 5);
  const matrix<double> d_y = some_numbers(6, 7, 3);
  const auto f = [&] { return layer(x).cwiseProduct(d_y).sum(); };
  heed::backward(layer, x, d_y, d_x, gradient);
  support::expect_gradient("x", x, d_x, f);
  support::expect_gradient("weight", layer.weight, gradient.weight, f);
  support::expect_gradient("bias", layer.bias, gradient.bias, f);
}

// 300 tokens are more than a block of the product has rows, and 40 of the inputs fewer than a vector's.
TEST(backward_of_linear, has_the_same_bits_on_any_number_of_threads) {
  linear<float> layer({.inputs = 40, .outputs = 300}), one = layer, three = layer;
  const matrix<float> x = some_numbers(300, 40, 4).cast<float>(),
                      d_y = some_numbers(300, 300, 5).cast<float>();
  matrix<float> d_one = x, d_three = x;
  heed::backward(layer, x, d_y, d_one, one);
  heed::backward(layer, x, d_y, d_three, three, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(same_bits(d_one, d_three));
  EXPECT_TRUE(same_bits(one.weight, three.weight));
  EXPECT_TRUE(same_bits(one.bias, three.bias));
}

// Few inputs are few rows of d_W, for which there is a product of its own.
TEST(backward_of_linear, adds_to_a_matrix_of_few_rows_by_columns_too) {
  const matrix<double> a = some_numbers(3, 9, 6), b = some_numbers(9, 200, 7);
  Eigen::MatrixXd y = Eigen::MatrixXd::Constant(3, 200, 2);
  heed::detail::add_product<double>(heed::detail::view_of(y), heed::detail::view_of(a),
                                    heed::detail::view_of(b), {});
  EXPECT_LE((y.array() - 2 - (a * b).array()).abs().maxCoeff(), 1e-13);
}

// y = x W + s (x a) b with x = (1, 2), a = (3, 5), b = 7, s = 10: x a = 13.
TEST(backward_of_linear, of_an_adapter_by_hand) {
  linear<float> layer({.inputs = 2, .outputs = 1, .bias = false}), gradient;
  layer.weight << 100, 200;
  layer.adapter = {matrix<float>(2, 1), matrix<float>::Constant(1, 1, 7), 10};
  layer.adapter.down << 3, 5;
  gradient.adapter = {matrix<float>::Zero(2, 1), matrix<float>::Constant(1, 1, 1000), 1};
  matrix<float> x(1, 2), d_x = matrix<float>::Zero(1, 2);
  x << 1, 2;
  EXPECT_EQ(layer(x)(0, 0), 100 + 400 + 10 * 13 * 7);
  const matrix<float> d_y = matrix<float>::Constant(1, 1, 2);
  heed::backward(layer, x, d_y, d_x, gradient);
  EXPECT_EQ(gradient.adapter.up(0, 0), 1000 + 10 * 13 * 2);
  EXPECT_EQ(gradient.adapter.down(0, 0), 10 * 2 * 7 * 1);
  EXPECT_EQ(gradient.adapter.down(1, 0), 10 * 2 * 7 * 2);
  EXPECT_EQ(d_x(0, 0), 2 * 100 + 10 * 2 * 7 * 3);
  EXPECT_EQ(d_x(0, 1), 2 * 200 + 10 * 2 * 7 * 5);
  EXPECT_EQ(gradient.weight.size(), 0);
}

// 600 outputs are three pieces of the product with the transpose; the bits are those of a matrix of one's own.
TEST(backward_of_linear, whose_weight_is_stored) {
  linear<float> layer({.inputs = 40, .outputs = 600}), one = layer, other = layer;
  layer.weight = layer.weight.cast<Eigen::bfloat16>().cast<float>().eval();
  const matrix<Eigen::bfloat16> rows = layer.weight.transpose().cast<Eigen::bfloat16>();
  linear<float> stored = layer;
  stored.weight = matrix<float>();
  stored.weight.stored = {heed::dtype::bf16, 600, 40,
                          reinterpret_cast<const std::byte*>(rows.data())};
  const matrix<float> x = some_numbers(30, 40, 4).cast<float>(),
                      d_y = some_numbers(30, 600, 5).cast<float>();
  matrix<float> d_one = x, d_other = x;
  heed::backward(layer, x, d_y, d_one, one);
  heed::backward(stored, x, d_y, d_other, other, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(same_bits(d_one, d_other));
  EXPECT_TRUE(same_bits(one.weight, other.weight));
  EXPECT_TRUE(same_bits(one.bias, other.bias));
}

TEST(backward_of_linear, leaves_out_what_the_gradient_has_no_room_for) {
  linear<float> layer({.inputs = 2, .outputs = 3}), gradient;
  const matrix<float> x = matrix<float>::Ones(4, 2), d_y = matrix<float>::Ones(4, 3);
  matrix<float> d_x = matrix<float>::Zero(4, 2);
  heed::backward(layer, x, d_y, d_x, gradient);
  EXPECT_EQ(gradient.weight.size() + gradient.bias.size(), 0);
  EXPECT_NE(d_x(0, 0), 0);
}

TEST(backward_of_linear, says_what_does_not_fit) {
  linear<float> layer({.inputs = 2, .outputs = 3}), gradient = layer;
  const matrix<float> x(4, 2), d_y(4, 2);
  matrix<float> d_x(4, 2);
  EXPECT_EQ(refusal([&] { heed::backward(layer, x, d_y, d_x, gradient); }),
            "heed::backward of linear: d_y is 4x2, but it must be 4x3");
}

}  // namespace
