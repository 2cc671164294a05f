// SPDX-License-Identifier: MIT
// The textbook's gradients: by hand, and beside differences of the textbook's results.
#include "support/central_difference.hpp"
#include "support/refusal.hpp"

#include <heed/reference.hpp>
#include <heed/reference_backward.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace heed {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd column(const std::vector<double>& numbers) {
  return Eigen::Map<const VectorXd>(numbers.data(), index(numbers.size()));
}

// A problem and the gradients of a call.
struct gradients {
  MatrixXd q, k, v, d_out;
  MatrixXd d_q{q.rows(), q.cols()}, d_k{k.rows(), k.cols()}, d_v{v.rows(), v.cols()};

  template <class... Modifiers>
  void find(const Modifiers&... modifiers) {
    const MatrixXd out = d_out, lse(q.rows(), 1);
    reference::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, modifiers...);
  }
};

// Scores 0 and ln 3 weigh 1/4 and 3/4; values 4 and 8; d_out 1. out = 7, d_p - delta = -3 and 1,
// d_score = -3/4 and 3/4.
TEST(reference_backward, of_two_keys_by_hand) {
  const double log_3 = std::log(3.);
  gradients g{column({1}), column({0, log_3}), column({4, 8}), column({1})};
  g.find();
  EXPECT_NEAR(g.d_v(0), 0.25, 1e-15);
  EXPECT_NEAR(g.d_v(1), 0.75, 1e-15);
  EXPECT_NEAR(g.d_k(0), -0.75, 1e-15);
  EXPECT_NEAR(g.d_k(1), 0.75, 1e-15);
  EXPECT_NEAR(g.d_q(0), 0.75 * log_3, 1e-15);

  // The same twice as steep: scores 0 and 2 ln 3 weigh 1/10 and 9/10, and 2 comes before each gradient.
  g.find(scale(2));
  EXPECT_NEAR(g.d_v(1), 0.9, 1e-15);
  EXPECT_NEAR(g.d_k(1), 2 * 0.36, 1e-14);  // 0.9 (8 - 7.6)
  EXPECT_NEAR(g.d_q(0), 2 * 0.36 * log_3, 1e-14);

  // A sink of logit ln 4 beside weights of 1 and 3: 1/8, 3/8 and 1/2; out = 3.5.
  std::vector<double> d_sink(1, 9);
  g.find(sink(std::vector{std::log(4.)}), gradient_of_sink(d_sink));
  EXPECT_NEAR(g.d_v(1), 0.375, 1e-15);
  EXPECT_NEAR(g.d_k(0), 0.125 * 0.5, 1e-15);
  EXPECT_NEAR(g.d_k(1), 0.375 * 4.5, 1e-15);
  EXPECT_NEAR(d_sink[0], -0.5 * 3.5, 1e-15);
}

TEST(reference_backward, overwrites_or_adds) {
  gradients g{column({1}), column({0, 0}), column({4, 8}), column({1})};
  g.d_q.setConstant(100), g.d_k.setConstant(100), g.d_v.setConstant(100);
  g.find(accumulate);
  EXPECT_EQ(g.d_v(0), 100.5);
  EXPECT_EQ(g.d_k(0), 99);
  EXPECT_EQ(g.d_k(1), 101);
  g.find();
  EXPECT_EQ(g.d_v(0), 0.5);
  EXPECT_EQ(g.d_k(1), 1);
}

TEST(reference_backward, of_rows_that_see_nothing_is_0) {
  gradients g{column({1, 2}), column({3, 4}), column({5, 6}), column({7, 8})};
  g.find(prefix(0));
  EXPECT_TRUE(g.d_q.isZero(0) && g.d_k.isZero(0) && g.d_v.isZero(0));
}

TEST(reference_backward, reads_no_excluded_key) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  gradients g{column({1, 2}), column({3, nan}), column({5, nan}), column({7, 0})};
  g.find(causal);
  EXPECT_EQ(g.d_q(0), 0);
  EXPECT_TRUE(std::isnan(g.d_q(1)));
  EXPECT_TRUE(std::isnan(g.d_k(0)));
}

// Compares with differences of the sum of d_out ∘ out, 12 rows of 4 heads over 2.
class differences : public testing::Test {
 protected:
  static constexpr double tolerance = 1e-7;
  const index rows = 7, keys = 9, heads = 4, width = 3, value_width = 2;
  MatrixXd q = MatrixXd::Random(rows, heads*width), k = MatrixXd::Random(keys, 2 * width),
           v = MatrixXd::Random(keys, 2 * value_width);
  const MatrixXd d_out = MatrixXd::Random(rows, heads* value_width);
  const heed::heads shared{.query = 4, .kv = 2};

  template <class... Modifiers>
  double loss(const Modifiers&... modifiers) const {
    return reference::attention(q, k, v, shared, modifiers...).cwiseProduct(d_out).sum();
  }

  template <class... Modifiers>
  void compare(const Modifiers&... modifiers) {
    MatrixXd d_q(rows, heads * width), d_k(keys, 2 * width), d_v(keys, 2 * value_width);
    const MatrixXd lse(rows, heads);
    reference::attention_backward(q, k, v, d_out, lse, d_out, d_q, d_k, d_v, shared, modifiers...);
    const auto f = [&] { return loss(modifiers...); };
    near(d_q, support::central_differences(q, f));
    near(d_k, support::central_differences(k, f));
    near(d_v, support::central_differences(v, f));
  }

  static void near(const MatrixXd& is, const MatrixXd& must) {
    EXPECT_LT((is - must).cwiseAbs().maxCoeff(), tolerance);
  }
};

TEST_F(differences, of_masks) {
  compare();
  compare(causal);
  compare(causal_from(-2));
  compare(window{.left = 2, .right = 1});
  compare(causal && !where([](at i) { return i.key % 3 == i.head % 3; }));
  compare(key_length(4), scale(-0.7));
}

TEST_F(differences, of_score_rules) {
  compare(causal, soft_cap(1.5));
  compare(alibi(), soft_cap(2));
  compare(score([](auto s, at i) { return s * s / 3 - decltype(s)(i.key) / 10; }));
  compare(score([](auto s, at) { return s; }), soft_cap(1), score([](auto s, at) {
            using std::exp;
            return exp(s) / (1 + exp(-s));
          }));
  compare(score([](double s, at) { return s * s; }, [](double s, at) { return 2 * s; }));
}

TEST_F(differences, of_packed_sequences_and_dropout) {
  compare(packed(std::vector{0, 3, 3, 7}, std::vector{0, 4, 4, 9}), causal);
  compare(packed(std::vector{0, 3, 7}, std::vector{0, 4, 9}, std::vector{2, 5}), alibi());
  compare(dropout{.probability = 0.4, .seed = 7}, causal, soft_cap(2));
}

TEST_F(differences, of_learned_numbers) {
  MatrixXd table = MatrixXd::Random(rows, keys), tables = MatrixXd::Random(heads * rows, keys);
  VectorXd logits = VectorXd::Random(heads), slopes = VectorXd::Random(heads);
  table(2, 3) = -std::numeric_limits<double>::infinity();
  MatrixXd d_q = q, d_k = k, d_v = v, d_table = table, d_tables = tables, lse(rows, heads);
  VectorXd d_logits(heads), d_slopes(heads);
  const auto find = [&](const auto&... modifiers) {
    reference::attention_backward(q, k, v, d_out, lse, d_out, d_q, d_k, d_v, shared, modifiers...);
  };

  find(bias(table), soft_cap(2), gradient_of_bias(d_table), causal);
  EXPECT_EQ(d_table(2, 3), 0);
  near(d_table, support::central_differences(table, [&] {
                  return loss(bias(table), soft_cap(2), causal);
                }).unaryExpr([](double x) { return std::isnan(x) ? 0 : x; }));

  find(soft_cap(2), bias(tables), gradient_of_bias(d_tables), alibi(slopes), sink(logits),
       gradient_of_slopes(d_slopes), gradient_of_sink(d_logits));
  const auto f = [&] { return loss(soft_cap(2), bias(tables), alibi(slopes), sink(logits)); };
  near(d_tables, support::central_differences(tables, f));
  near(d_logits, support::central_differences(logits, f));
  near(d_slopes, support::central_differences(slopes, f));
}

TEST(reference_backward, refuses_in_words) {
  gradients g{column({1, 2}), column({3, 4}), column({5, 6}), column({7, 8})};
  g.d_k.resize(1, 1);
  EXPECT_EQ(support::refusal([&] { g.find(); }),
            "heed::reference::attention_backward: d_k is 1x1, but it must be 2x1");
}

}  // namespace
}  // namespace heed
