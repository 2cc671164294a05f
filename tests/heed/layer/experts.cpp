// SPDX-License-Identifier: MIT
// Mixtures of experts by hand, against their formula in double, and what they refuse.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/experts.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace {

using heed::experts;
using heed::index;
using heed::matrix;
using support::refusal;

// Three experts that multiply by 1, 2 and 3; the scores of (1, 0) are the logarithms of 1, 3 and 2.
experts<double> by_hand() {
  experts<double> layer({.model = 2,
                         .hidden = 2,
                         .experts = 3,
                         .per_token = 2,
                         .activation = heed::activation::identity,
                         .gated = false});
  layer.router.weight << 0, std::log(3.), std::log(2.), 0, 0, 0;
  for (int e = 0; e < 3; ++e) {
    layer.expert[std::size_t(e)].up.weight.setIdentity();
    layer.expert[std::size_t(e)].down.weight = (e + 1) * matrix<double>::Identity(2, 2);
  }
  return layer;
}

TEST(experts, by_hand) {
  auto layer = by_hand();
  matrix<double> x(2, 2), want(2, 2);
  x << 1, 0, 0, 10;
  // 3/5 of the second and 2/5 of the third: 12/5. All scores of the second token are 0, so that the first
  // two experts are chosen, and share it: 3/2.
  want << 2.4, 0, 0, 15;
  EXPECT_LE((layer(x) - want).cwiseAbs().maxCoeff(), 1e-14);
  layer.weights = experts<double>::weighting::softmax_of_all;
  want << 2, 0, 0,
      10;  // 3/6 of the second and 2/6 of the third; 1/3 of the first and of the second
  EXPECT_LE((layer(x) - want).cwiseAbs().maxCoeff(), 1e-14);
  layer.per_token = 1;
  layer.weights = experts<double>::weighting::softmax_of_chosen;
  want << 2, 0, 0, 10;
  EXPECT_LE((layer(x) - want).cwiseAbs().maxCoeff(), 1e-14);
  layer.router.bias.resize(3);
  layer.router.bias << std::log(6.), 0, 0;
  want << 1, 0, 0, 10;
  EXPECT_LE((layer(x) - want).cwiseAbs().maxCoeff(), 1e-14);
}

TEST(experts, of_nan_give_nan) {
  auto layer = by_hand();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  matrix<double> x(2, 2);
  x << nan, 0, 1, 0;
  matrix<double> y = layer(x);
  EXPECT_TRUE(std::isnan(y(0, 0)));
  EXPECT_NEAR(y(1, 0), 2.4, 1e-14);
  layer.router.bias.setZero(3);
  layer.router.bias[0] = nan;  // of the smallest score
  y = layer(x);
  EXPECT_TRUE(std::isnan(y(1, 0)));
}

// Every token by itself, in double.
template <class Scalar>
matrix<double> textbook(const experts<Scalar>& layer, const matrix<Scalar>& x) {
  const auto apply = [](const heed::linear<Scalar>& l, const Eigen::RowVectorXd& in) {
    Eigen::RowVectorXd y = in * l.weight.template cast<double>();
    if (l.bias.size() > 0) y += l.bias.template cast<double>();
    return y;
  };
  matrix<double> out = matrix<double>::Zero(x.rows(), x.cols());
  for (index t = 0; t < x.rows(); ++t) {
    const Eigen::RowVectorXd token = x.row(t).template cast<double>();
    const Eigen::RowVectorXd scores = apply(layer.router, token);
    std::vector<index> order(layer.expert.size());
    std::iota(order.begin(), order.end(), index(0));
    std::sort(order.begin(), order.end(), [&](index a, index b) { return scores[a] > scores[b]; });
    double sum = 0;
    const bool of_all = layer.weights == experts<Scalar>::weighting::softmax_of_all;
    for (index i = 0; i < (of_all ? index(order.size()) : layer.per_token); ++i)
      sum += std::exp(scores[order[std::size_t(i)]]);
    for (index i = 0; i < layer.per_token; ++i) {
      const auto& one = layer.expert[std::size_t(order[std::size_t(i)])];
      const Eigen::RowVectorXd up = apply(one.up, token), gate = apply(one.gate, token);
      const Eigen::RowVectorXd hidden = up.array() * gate.array() / (1 + (-gate.array()).exp());
      out.row(t) += std::exp(scores[order[std::size_t(i)]]) / sum * apply(one.down, hidden);
    }
  }
  return out;
}

// Chains of at most 40 terms, three after each other, of numbers below 2: some hundred roundings.
template <class Scalar>
void against_double() {
  const double bound = 200 * double(std::numeric_limits<Scalar>::epsilon());
  using support::layout;
  experts<Scalar> layer({.model = 24, .hidden = 40, .experts = 7, .per_token = 3, .bias = true});
  layer.router.bias.setRandom();
  for (const auto weights :
       {experts<Scalar>::weighting::softmax_of_chosen, experts<Scalar>::weighting::softmax_of_all})
    for (const index rows : {0, 1, 5, 100})
      for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
        layer.weights = weights;
        support::guarded<Scalar> x_memory(rows, 24, order, 7), y_memory(rows, 24, order, 8);
        auto x = x_memory.matrix();
        auto y = y_memory.matrix();
        x.setRandom();
        layer(x, y);
        ASSERT_TRUE(x_memory.intact() && y_memory.intact());
        const matrix<double> want = textbook<Scalar>(layer, x);
        ASSERT_TRUE(((y.template cast<double>() - want).array().abs() <= bound).all());
      }
}
TEST(experts, float_against_double) { against_double<float>(); }
TEST(experts, double_against_double) { against_double<double>(); }

TEST(experts, neither_rows_nor_threads_change_bits) {
  const experts<float> layer({.model = 24, .hidden = 40, .experts = 7, .per_token = 3});
  const matrix<float> x = matrix<float>::Random(60, 24), y = layer(x);
  EXPECT_TRUE(support::same_bits(y, layer(x, heed::on(support::on_threads, 3))));
  for (const index row : {0, 31, 59}) {
    const matrix<float> alone = x.row(row);
    EXPECT_TRUE(support::same_bits(layer(alone), y.row(row))) << row;
  }
}

TEST(experts, refuses_what_does_not_fit) {
  const auto layer = by_hand();
  const matrix<double> x = matrix<double>::Zero(3, 2), wide = matrix<double>::Zero(3, 4);
  matrix<double> y = matrix<double>::Constant(3, 2, 9), narrow(3, 1), same = x;
  EXPECT_EQ(refusal([&] { layer(x, narrow); }), "heed::experts: y is 3x1, but it must be 3x2");
  EXPECT_EQ(refusal([&] { (void)layer(wide); }),
            "heed::experts: x is 3x4, but router.weight is 2x3 (inputs x outputs)");
  EXPECT_EQ(refusal([&] { layer(same, same); }),
            "heed::experts: y (3x2) overlaps x (3x2) in memory");
  auto changed = layer;
  changed.expert.pop_back();
  EXPECT_EQ(refusal([&] { changed(x, y); }),
            "heed::experts: router.weight has 3 outputs, but there are 2 experts");
  changed = layer;
  changed.per_token = 4;
  EXPECT_EQ(refusal([&] { changed(x, y); }), "heed::experts: 4 experts a token are not among 3");
  changed = layer;
  changed.expert[2].up = heed::linear<double>({.inputs = 4, .outputs = 2});
  EXPECT_EQ(refusal([&] { changed(x, y); }),
            "heed::feed_forward: x is 3x2, but up.weight is 4x2 (inputs x outputs)");
  changed = layer;
  changed.expert[1].down = heed::linear<double>({.inputs = 2, .outputs = 5});
  EXPECT_EQ(refusal([&] { changed(x, y); }),
            "heed::experts: an expert has 5 outputs, but x is 3x2");
  EXPECT_EQ(y, (matrix<double>::Constant(3, 2, 9)));
  EXPECT_EQ(
      refusal([] { experts<float>({.model = 2, .hidden = 2, .experts = 3, .per_token = 4}); }),
      "heed::experts: 4 experts a token are not among 3");
}

}  // namespace
