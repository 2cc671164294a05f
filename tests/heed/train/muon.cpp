// SPDX-License-Identifier: MIT
// Steps of Muon by hand: of matrices whose singular values are known, and of what learns by AdamW.
#include "support/on_threads.hpp"

#include <heed/train/muon.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using heed::parameter_list;

// What becomes of one singular value of a matrix of this norm.
double orthogonal(double value, double norm) {
  double x = value / norm;
  for (int i = 0; i < 5; ++i) x = 3.4445 * x - 4.775 * x * x * x + 2.0315 * x * x * x * x * x;
  return x;
}

parameter_list<double> list(matrix<double>& m, const char* name = "up.weight") {
  return {{name, m.data(), m.rows(), m.cols(), false}};
}

// Singular values 3 and 4, of norm 5, in a tall matrix and in its transpose; the first step's momentum is the
// gradient, so that what is made orthogonal is 1.95 times it.
TEST(muon, two_steps_by_hand) {
  for (const bool tall : {true, false}) {
    matrix<double> g = matrix<double>::Zero(3, 2);
    g(0, 1) = 3;
    g(1, 0) = -4;
    if (!tall) g = g.transpose().eval();
    matrix<double> w = matrix<double>::Constant(g.rows(), g.cols(), 10);
    heed::muon<double> optimiser({.decay = 0.5});
    optimiser.step(list(w), list(g), 0.1);
    const double size = 0.2 * 0.1 * std::sqrt(3.0);
    matrix<double> want = matrix<double>::Constant(3, 2, 10 * 0.95);
    want(0, 1) -= size * orthogonal(3, 5);
    want(1, 0) += size * orthogonal(4, 5);
    if (!tall) want = want.transpose().eval();
    EXPECT_LE((w - want).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_GT(orthogonal(3, 5), 0.65);
    // m = 0.95 g + h and h + 0.95 m with another gradient h in one place
    matrix<double> h = matrix<double>::Zero(g.rows(), g.cols());
    const index row = tall ? 0 : 1, col = tall ? 1 : 0;
    h(row, col) = 7;
    optimiser.step(list(w), list(h), 0.1);
    const double a = 7 + 0.95 * (0.95 * 3 + 7), b = 0.95 * 0.95 * 4;
    EXPECT_NEAR(w(row, col), want(row, col) * 0.95 - size * orthogonal(a, std::sqrt(a * a + b * b)),
                1e-12);
    EXPECT_EQ(optimiser.state.steps, 2);
  }
}

TEST(muon, leaves_vectors_and_tables_to_adamw) {
  for (const char* const name : {"up.bias", "words.weight", "distances.weight", "head.weight"}) {
    const bool is_vector = name[0] == 'u';
    matrix<double> w = matrix<double>::Constant(1, 3, 2), other = w, g(1, 3);
    g << 1, -2, 3;
    heed::muon<double> optimiser({.decay = 0.1});
    heed::adamw<double> adam({.decay = 0.1});
    for (int i = 0; i < 2; ++i) {
      optimiser.step({{name, w.data(), 1, 3, is_vector}}, {{name, g.data(), 1, 3, is_vector}}, 0.1);
      adam.step({{name, other.data(), 1, 3, is_vector}}, {{name, g.data(), 1, 3, is_vector}}, 0.1);
    }
    EXPECT_EQ(w, other) << name;
  }
}

TEST(muon, of_a_gradient_of_nothing_is_decay_alone) {
  matrix<double> w = matrix<double>::Constant(2, 2, 1), g = matrix<double>::Zero(2, 2);
  heed::muon<double>({.decay = 0.5}).step(list(w), list(g), 0.1);
  EXPECT_DOUBLE_EQ(w(1, 1), 0.95);
}

TEST(muon, has_the_same_bits_on_any_number_of_threads) {
  const auto run = [](const heed::executor& on) {
    matrix<double> w = matrix<double>::Zero(300, 70), g(300, 70);
    for (index i = 0; i < g.size(); ++i) g.data()[i] = std::sin(double(i * i % 1000));
    heed::muon<double> optimiser;
    for (int i = 0; i < 2; ++i) optimiser.step(list(w), list(g), 0.1, on);
    return w;
  };
  EXPECT_EQ(run({}), run(heed::executor_of(support::on_threads, 3)));
}

}  // namespace
