// SPDX-License-Identifier: MIT
// The gradients of a mixture of experts by hand and beside differences; its forward beside the layer's own.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/experts.hpp>

#include <cmath>

namespace {

using heed::activation;
using heed::experts;
using heed::index;
using heed::matrix;
using support::same_bits;
using support::some_numbers;

template <class Layer>
Layer zeros_of(Layer layer) {
  const auto zero = [](auto& linear) {
    linear.weight.setZero();
    linear.bias.setZero();
  };
  zero(layer.router);
  for (auto& one : layer.expert)
    for (auto* part : {&one.up, &one.gate, &one.down}) zero(*part);
  return layer;
}

// Experts that give 2 x and 10 x; scores of log 3 and 0 at x = 1.
experts<double> two_experts(index per_token) {
  experts<double> layer({.model = 1,
                         .hidden = 1,
                         .experts = 2,
                         .per_token = per_token,
                         .activation = activation::identity,
                         .gated = false});
  layer.router.weight << std::log(3.0), 0;
  for (std::size_t e = 0; e < 2; ++e) {
    layer.expert[e].up.weight << 2;
    layer.expert[e].down.weight << (e == 0 ? 1 : 5);
  }
  return layer;
}

// y = 3/4 * 2 + 1/4 * 10 = 4. The weights' derivatives are 2 and 10, so the scores' are 3/4 (2 - 4) and 1/4 (10 - 4).
TEST(backward_of_experts, by_hand) {
  const experts<double> layer = two_experts(2);
  experts<double> gradient = zeros_of(layer);
  heed::saved<experts<double>> kept;
  const matrix<double> x = matrix<double>::Ones(1, 1), d_y = x;
  matrix<double> y(1, 1), d_x = matrix<double>::Constant(1, 1, 100);
  heed::forward(layer, x, y, kept);
  EXPECT_NEAR(y(0, 0), 4, 1e-12);
  heed::backward(layer, x, kept, d_y, d_x, gradient);
  EXPECT_NEAR(gradient.router.weight(0, 0), -1.5, 1e-12);
  EXPECT_NEAR(gradient.router.weight(0, 1), 1.5, 1e-12);
  EXPECT_NEAR(gradient.expert[0].down.weight(0, 0), 0.75 * 2, 1e-12);
  EXPECT_NEAR(gradient.expert[1].up.weight(0, 0), 0.25 * 5, 1e-12);
  EXPECT_NEAR(d_x(0, 0), 100 + 4 - 1.5 * std::log(3.0), 1e-12);
}

// The weight of the one that is chosen, 3/4, is a part of the softmax of both: 3/4 (2 - 3/4 * 2) and 1/4 (0 - 3/2).
TEST(backward_of_experts, by_hand_where_weights_are_of_all) {
  experts<double> layer = two_experts(1), gradient = zeros_of(layer);
  layer.weights = experts<double>::weighting::softmax_of_all;
  heed::saved<experts<double>> kept;
  const matrix<double> x = matrix<double>::Ones(1, 1), d_y = x;
  matrix<double> y(1, 1), d_x = matrix<double>::Zero(1, 1);
  heed::forward(layer, x, y, kept);
  EXPECT_NEAR(y(0, 0), 1.5, 1e-12);
  heed::backward(layer, x, kept, d_y, d_x, gradient);
  EXPECT_NEAR(gradient.router.weight(0, 0), 0.375, 1e-12);
  EXPECT_NEAR(gradient.router.weight(0, 1), -0.375, 1e-12);
  EXPECT_EQ(gradient.expert[1].down.weight(0, 0), 0);
}

void check(experts<double> layer) {
  experts<double> gradient = zeros_of(layer);
  matrix<double> x = some_numbers(9, 3, 2), y(9, 3), d_x = matrix<double>::Zero(9, 3);
  const matrix<double> d_y = some_numbers(9, 3, 3);
  heed::saved<experts<double>> kept;
  heed::forward(layer, x, y, kept);
  EXPECT_TRUE(same_bits(y, layer(x)));
  heed::backward(layer, x, kept, d_y, d_x, gradient);
  const auto f = [&] { return layer(x).cwiseProduct(d_y).sum(); };
  support::expect_gradient("x", x, d_x, f);
  support::expect_gradient("router", layer.router.weight, gradient.router.weight, f);
  if (layer.router.bias.size() > 0)
    support::expect_gradient("router's bias", layer.router.bias, gradient.router.bias, f);
  for (std::size_t e = 0; e < layer.expert.size(); ++e) {
    auto& one = layer.expert[e];
    auto& d = gradient.expert[e];
    if (kept.outputs[e].rows() == 0) continue;
    if (one.gated()) support::expect_gradient("gate", one.gate.weight, d.gate.weight, f);
    support::expect_gradient("up", one.up.weight, d.up.weight, f);
    support::expect_gradient("down", one.down.weight, d.down.weight, f);
    if (one.down.bias.size() > 0) support::expect_gradient("bias", one.down.bias, d.down.bias, f);
  }
}

TEST(backward_of_experts, is_the_difference_of_the_forward) {
  experts<double> layer({.model = 3, .hidden = 4, .experts = 4, .per_token = 2});
  check(layer);
  layer.weights = experts<double>::weighting::softmax_of_all;
  check(layer);
}

// The third expert is never among the two that a token goes to.
TEST(backward_of_experts, with_biases_and_an_expert_that_nobody_chooses) {
  experts<double> layer({.model = 3,
                         .hidden = 4,
                         .experts = 4,
                         .per_token = 2,
                         .activation = activation::gelu_tanh,
                         .gated = false,
                         .bias = true,
                         .seed = 9});
  layer.router.bias << 0.1, -0.2, -90, 0.3;
  check(layer);
}

TEST(backward_of_experts, has_the_same_bits_on_any_number_of_threads) {
  const experts<float> layer({.model = 30, .hidden = 70, .experts = 5, .per_token = 2});
  const matrix<float> x = some_numbers(90, 30, 2).cast<float>();
  const auto run = [&](const heed::executor& on) {
    heed::saved<experts<float>> kept;
    matrix<float> y(90, 30), d_x = x;
    experts<float> gradient = zeros_of(layer);
    heed::forward(layer, x, y, kept, on);
    heed::backward(layer, x, kept, y, d_x, gradient, on);
    matrix<float> all(180 + 70 + 5, 30);
    all << y, d_x, gradient.expert[1].gate.weight.transpose(), gradient.router.weight.transpose();
    return all;
  };
  EXPECT_TRUE(same_bits(run({}), run(heed::executor_of(support::on_threads, 3))));
}

TEST(backward_of_experts, says_what_does_not_fit) {
  const experts<double> layer = two_experts(1);
  experts<double> gradient;
  const matrix<double> x = matrix<double>::Ones(1, 1);
  matrix<double> d_x = x;
  heed::saved<experts<double>> kept;
  EXPECT_EQ(support::refusal([&] { heed::backward(layer, x, kept, x, d_x, gradient); }),
            "heed::backward of experts: there are 2 experts, but their gradient has 0");
}

}  // namespace
