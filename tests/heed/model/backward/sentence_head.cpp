// SPDX-License-Identifier: MIT
// The gradients of a text's vector beside differences; its forward beside its own.
#include "support/learning.hpp"
#include "support/same_bits.hpp"

#include <heed/model/backward/encoder_parameters.hpp>
#include <heed/model/backward/sentence_head.hpp>

namespace {

using heed::index;
using heed::matrix;
using heed::pooling;
using heed::sentence_head;
using support::some_numbers;

const std::vector<index> starts = {0, 2, 3, 7};

void check(sentence_head<double> head) {
  sentence_head<double> gradient = heed::zeros_like(head);
  matrix<double> hidden = some_numbers(7, 4, 2), d_hidden = matrix<double>::Zero(7, 4);
  heed::saved<sentence_head<double>> kept;
  heed::forward(head, hidden, starts, kept);
  EXPECT_TRUE(support::same_bits(kept.vectors, head(hidden, starts)));
  const matrix<double> d = some_numbers(3, kept.vectors.cols(), 3);
  heed::backward(head, hidden, starts, kept, d, d_hidden, gradient);
  const auto f = [&] { return head(hidden, starts).cwiseProduct(d).sum(); };
  support::expect_gradient("hidden", hidden, d_hidden, f);
  support::expect_gradients(heed::parameters_of(head), heed::parameters_of(gradient), f);
}

heed::dense_step<double> dense(index inputs, index outputs, heed::activation f) {
  heed::dense_step<double> step{heed::linear<double>({.inputs = inputs, .outputs = outputs}), f};
  support::fill_some(step.layer.weight, 7);
  support::fill_some(step.layer.bias, 8);
  return step;
}

TEST(backward_of_sentence_head, the_mean_alone) { check({}); }

TEST(backward_of_sentence_head, of_length_one) {
  sentence_head<double> head;
  head.steps.push_back(heed::unit_length{});
  check(head);
}

TEST(backward_of_sentence_head, of_two_poolings_and_every_step) {
  sentence_head<double> head{{pooling::first, pooling::largest}};
  head.steps.push_back(dense(8, 5, heed::activation::tanh));
  head.steps.push_back(heed::unit_length{});
  head.steps.push_back(dense(5, 3, heed::activation::gelu));
  check(head);
  EXPECT_EQ(heed::parameters_of(head).back().name, "steps.2.bias");
}

// v = (3, 4), y = (0.6, 0.8), d_y = (1, 0): ((1, 0) - 0.6 (0.6, 0.8)) / 5.
TEST(backward_of_sentence_head, of_length_one_by_hand) {
  sentence_head<double> head, gradient;
  head.steps.push_back(heed::unit_length{});
  gradient = head;
  matrix<double> hidden(2, 2), d(2, 2), d_hidden = matrix<double>::Zero(2, 2), want(2, 2);
  hidden << 3, 4, 0, 0;
  d << 1, 0, 1, 2;
  heed::saved<sentence_head<double>> kept;
  heed::forward(head, hidden, {0, 1, 2}, kept);
  heed::backward(head, hidden, {0, 1, 2}, kept, d, d_hidden, gradient);
  want << 0.128, -0.096, 1e12, 2e12;  // the second vector is 0, and divided by 1e-12
  EXPECT_TRUE(d_hidden.isApprox(want, 1e-14));
  EXPECT_NEAR(d_hidden(0, 1), -0.096, 1e-15);
}

}  // namespace
