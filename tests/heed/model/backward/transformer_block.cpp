// SPDX-License-Identifier: MIT
// The gradients of a block beside differences, wherever its norms stand; its forward beside its own.
#include "support/learning.hpp"
#include "support/same_bits.hpp"

#include <heed/model/backward/transformer_block.hpp>

namespace {

using block = heed::transformer_block<double>;
using heed::index;
using heed::matrix;
using heed::normalisation;
using support::some_numbers;

const std::vector<index> starts = {0, 2, 5};

heed::parameter_list<double> parameters_of(block& b) {
  heed::detail::parameter_walk<double> walk;
  walk.block("", b);
  return walk.found;
}

normalisation<double> norm() {
  heed::layer_norm<double> n({.model = 4});
  support::fill_some(n.weight, 31);
  support::fill_some(n.bias, 32);
  return n;
}

block some_block() {
  block b;
  b.attention = heed::attention_layer<double>({.model = 4, .heads = 2});
  b.feed = heed::feed_forward<double>(
      {.model = 4, .hidden = 6, .activation = heed::activation::gelu_tanh});
  return b;
}

void check(block b) {
  block gradient = b;
  for (const auto& p : parameters_of(gradient)) std::fill(p.data, p.data + p.size(), 0.0);
  matrix<double> x = some_numbers(5, 4, 2);
  const matrix<double> d_y = some_numbers(5, 4, 3);
  const auto result = [&] {
    matrix<double> y = x;
    b(y, starts);
    return y;
  };
  heed::saved<block> kept;
  matrix<double> y = x, d = d_y;
  heed::forward(b, y, starts, kept);
  EXPECT_TRUE(support::same_bits(y, result()));
  heed::backward(b, starts, kept, d, gradient);
  const auto f = [&] { return result().cwiseProduct(d_y).sum(); };
  support::expect_gradient("x", x, d, f);
  support::expect_gradients(parameters_of(b), parameters_of(gradient), f);
}

TEST(backward_of_transformer_block, norms_before) {
  block b = some_block();
  b.attention_norm = b.feed_norm = norm();
  check(b);
}

TEST(backward_of_transformer_block, norms_after_the_sum) {
  block b = some_block();
  b.attention_norm_of_sum = b.feed_norm_of_sum = norm();
  check(b);
}

TEST(backward_of_transformer_block, norms_on_both_sides_and_a_scale) {
  block b = some_block();
  b.attention_norm = b.feed_norm = b.attention_post_norm = b.feed_post_norm = norm();
  b.residual_scale = 0.5;
  check(b);
}

TEST(backward_of_transformer_block, both_layers_at_once) {
  block b = some_block();
  b.order = block::residual::parallel;
  b.attention_norm = norm();
  check(b);
  b.feed_norm = heed::rms_norm<double>({.model = 4});
  b.feed_post_norm = norm();
  check(b);
}

TEST(backward_of_transformer_block, without_a_feed_forward_layer) {
  block b = some_block();
  b.attention_norm = norm();
  b.feed = heed::feed_forward<double>();
  check(b);
}

// The memory of one kind serves the other afterwards.
TEST(backward_of_transformer_block, with_experts) {
  block b = some_block();
  b.attention_norm = b.feed_norm = norm();
  b.feed = heed::experts<double>({.model = 4, .hidden = 3, .experts = 3, .per_token = 2});
  check(b);
  heed::saved<block> kept;
  matrix<double> x = some_numbers(5, 4, 2), y = x, want = x;
  heed::forward(some_block(), x, starts, kept);
  heed::forward(b, y, starts, kept);
  b(want, starts);
  EXPECT_TRUE(support::same_bits(y, want));
}

}  // namespace
