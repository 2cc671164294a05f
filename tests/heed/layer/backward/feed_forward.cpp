// SPDX-License-Identifier: MIT
// The gradients of the feed-forward layer beside differences; its forward beside the layer's own.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/feed_forward.hpp>

namespace {

using heed::activation;
using heed::feed_forward;
using heed::matrix;
using support::same_bits;
using support::some_numbers;

template <class Layer>
Layer zeros_of(Layer layer) {
  for (auto* part : {&layer.up, &layer.gate, &layer.down}) {
    part->weight.setZero();
    part->bias.setZero();
  }
  return layer;
}

void check(feed_forward<double> layer) {
  feed_forward<double> gradient = zeros_of(layer);
  for (auto* part : {&layer.up, &layer.gate, &layer.down})
    if (part->bias.size() > 0) support::fill_some(part->bias, 1);
  matrix<double> x = some_numbers(4, 3, 2), y(4, 3), d_x = matrix<double>::Zero(4, 3);
  const matrix<double> d_y = some_numbers(4, 3, 3);
  heed::saved<feed_forward<double>> kept;
  heed::forward(layer, x, y, kept);
  EXPECT_TRUE(same_bits(y, layer(x)));
  heed::backward(layer, x, kept, d_y, d_x, gradient);
  const auto f = [&] { return layer(x).cwiseProduct(d_y).sum(); };
  support::expect_gradient("x", x, d_x, f);
  const auto part = [&](const char* of, heed::linear<double>& by, heed::linear<double>& d) {
    if (by.weight.size() > 0) support::expect_gradient(of, by.weight, d.weight, f);
    if (by.bias.size() > 0) support::expect_gradient(of, by.bias, d.bias, f);
  };
  part("up", layer.up, gradient.up);
  part("gate", layer.gate, gradient.gate);
  part("down", layer.down, gradient.down);
}

TEST(backward_of_feed_forward, is_the_difference_of_the_forward) {
  check(feed_forward<double>({.model = 3, .hidden = 5}));
  check(feed_forward<double>(
      {.model = 3, .hidden = 5, .activation = activation::gelu_tanh, .bias = false}));
}

TEST(backward_of_feed_forward, gated) {
  feed_forward<double> layer(
      {.model = 3, .hidden = 5, .activation = activation::silu, .gated = true});
  check(layer);
  layer.gating = {.limit = 0.7, .sharpness = 1.7, .offset = 1};
  check(layer);
}

TEST(backward_of_feed_forward, has_the_same_bits_on_any_number_of_threads) {
  const feed_forward<float> layer(
      {.model = 30, .hidden = 70, .activation = activation::silu, .gated = true});
  const matrix<float> x = some_numbers(90, 30, 2).cast<float>();
  const auto run = [&](const heed::executor& on) {
    heed::saved<feed_forward<float>> kept;
    matrix<float> y(90, 30), d_x = x;
    feed_forward<float> gradient = zeros_of(layer);
    heed::forward(layer, x, y, kept, on);
    heed::backward(layer, x, kept, y, d_x, gradient, on);
    matrix<float> all(180 + 70, 30);
    all << y, d_x, gradient.gate.weight.transpose();
    return all;
  };
  EXPECT_TRUE(same_bits(run({}), run(heed::executor_of(support::on_threads, 3))));
}

}  // namespace
