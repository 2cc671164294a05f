// SPDX-License-Identifier: MIT
// Steps of AdamW and SGD by hand.
#include "support/on_threads.hpp"
#include "support/refusal.hpp"

#include <heed/train/optimiser.hpp>

#include <gtest/gtest.h>

#include <numeric>

namespace {

using heed::index;
using heed::parameter_list;
using support::refusal;

parameter_list<double> one(double& number, bool is_vector = false) {
  return {{"w", &number, 1, 1, is_vector}};
}

// Step 1: m = 0.1 g and m / (1 - 0.9) = g, and so for v: the weight moves by rate g / (|g| + epsilon).
// Step 2 with another g: m = 0.09 g₁ + 0.1 g₂ over 0.19, v = 0.000999 g₁² + 0.001 g₂² over 0.001999.
TEST(adamw, two_steps_by_hand) {
  double w = 5, g = -4;
  heed::adamw<double> optimiser({.epsilon = 1, .decay = 0.1});
  optimiser.step(one(w), one(g), 0.5);
  const double after = 5 * (1 - 0.05) + 0.5 * 4 / (4 + 1);
  EXPECT_NEAR(w, after, 1e-14);
  g = 2;
  optimiser.step(one(w), one(g), 0.25);
  const double m = (0.09 * -4 + 0.1 * 2) / 0.19, v = (0.000999 * 16 + 0.001 * 4) / 0.001999;
  EXPECT_NEAR(w, after * (1 - 0.025) - 0.25 * m / (std::sqrt(v) + 1), 1e-13);
  EXPECT_EQ(optimiser.steps, 2);
}

// Braces alone are the settings that nothing was said of.
TEST(optimiser, is_made_of_empty_braces) {
  EXPECT_EQ(heed::adamw<float>({}).how.beta_2, 0.999);
  EXPECT_EQ(heed::sgd<float>({}).how.momentum, 0);
  heed::adamw<float> optimiser({});
  EXPECT_EQ(optimiser.steps, 0);
}

TEST(adamw, does_not_decay_vectors) {
  double w = 5, g = 0;
  heed::adamw<double> optimiser({.decay = 0.1});
  optimiser.step(one(w, true), one(g, true), 0.5);
  EXPECT_EQ(w, 5);
  double matrix = 5;
  heed::adamw<double>({.decay = 0.1}).step(one(matrix), one(g), 0.5);
  EXPECT_DOUBLE_EQ(matrix, 5 * 0.95);
}

// m = 2, then 0.5 * 2 + 2 + 0.1 w.
TEST(sgd, two_steps_by_hand) {
  double w = 10, g = 1;
  heed::sgd<double> optimiser({.momentum = 0.5, .decay = 0.1});
  optimiser.step(one(w), one(g), 0.5);
  EXPECT_DOUBLE_EQ(w, 9);  // 10 - 0.5 (1 + 1)
  optimiser.step(one(w), one(g), 0.5);
  EXPECT_DOUBLE_EQ(w, 9 - 0.5 * (1 + 1 + 0.9));
}

TEST(optimiser, has_the_same_bits_on_any_number_of_threads) {
  const auto run = [](const heed::executor& on) {
    std::vector<float> w(100000), g(w.size());
    std::iota(w.begin(), w.end(), 0.5f);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = std::sin(float(i));
    const parameter_list<float> weights = {{"w", w.data(), 1000, 100, false}},
                                gradients = {{"w", g.data(), 1000, 100, false}};
    heed::adamw<float> optimiser;
    for (int i = 0; i < 3; ++i) optimiser.step(weights, gradients, 0.1, on);
    return w;
  };
  EXPECT_EQ(run({}), run(heed::executor_of(support::on_threads, 3)));
}

TEST(optimiser, sets_zero) {
  double w = 5;
  heed::set_zero(one(w));
  EXPECT_EQ(w, 0);
}

TEST(optimiser, refuses_lists_that_differ) {
  double w = 0, g = 0;
  heed::adamw<double> optimiser;
  const parameter_list<double> other = {{"v", &g, 1, 1, false}};
  EXPECT_EQ(refusal([&] { optimiser.step(one(w), other, 1); }),
            "heed::adamw: weight 0 is w of 1 numbers, but its gradient is v of 1 numbers");
  EXPECT_EQ(refusal([&] { optimiser.step(one(w), {}, 1); }),
            "heed::adamw: there are 1 weights, but 0 gradients");
  optimiser.step(one(w), one(g), 1);
  EXPECT_EQ(refusal([&] { optimiser.step({}, {}, 1); }),
            "heed::adamw: the weights are others than in the step before");
}

}  // namespace
