// SPDX-License-Identifier: MIT
// The gradients of attention beside the textbook's, for every rule.
#include "support/gradients.hpp"

#include <heed/attention_backward.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace heed {
namespace {

using support::gradient_case;
using support::gradient_sizes;

template <class Scalar>
class attention_backward_of : public testing::Test {
 protected:
  // What a gradient may be off by, in units of the last place of the largest one.
  static constexpr double tolerance = 30;

  template <class... Modifiers>
  static void same(const gradient_sizes& n, const Modifiers&... modifiers) {
    gradient_case<Scalar> c{n};
    c.run(modifiers...);
    EXPECT_LT(c.error(), tolerance) << n.queries << " x " << n.keys;
  }
};
using scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(attention_backward_of, scalars);

constexpr gradient_sizes small{5, 7, 4, 2, 6, 3}, large{150, 331, 2, 1, 20, 17};

TYPED_TEST(attention_backward_of, masks) {
  for (const auto& n : {small, large}) {
    this->same(n);
    this->same(n, causal);
    this->same(n, causal_from(-3), scale(-0.3));
    this->same(n, window{.left = 9, .right = 70});
    this->same(n, causal && !where([](at i) { return i.key % 3 == i.head % 3; }));
    this->same(n, key_length(4));
  }
}

TYPED_TEST(attention_backward_of, score_rules) {
  for (const auto& n : {small, large}) {
    this->same(n, causal, soft_cap(1.5));
    this->same(n, alibi(), causal);
    this->same(n, score([](auto s, at i) { return s * s / 3 - decltype(s)(i.key % 7) / 10; }));
    this->same(n, soft_cap(3),
               score([](TypeParam s, at) { return s * s; }, [](TypeParam s, at) { return 2 * s; }));
  }
}

TYPED_TEST(attention_backward_of, dropout) {
  for (const auto& n : {small, large})
    this->same(n, dropout{.probability = 0.4, .seed = 7}, causal, soft_cap(2));
}

TYPED_TEST(attention_backward_of, packed_sequences) {
  const std::vector<index> queries{0, 3, 3, 70, 150}, keys{0, 4, 4, 190, 331};
  const std::vector<index> lengths{2, 0, 170, 100};
  this->same(large, packed(queries, keys), causal);
  this->same(large, packed(queries, keys, lengths), window{.left = 40});
}

// Not only the textbook's, but each learned number's too.
TYPED_TEST(attention_backward_of, learned_numbers) {
  using matrix = typename gradient_case<TypeParam>::matrix;
  for (const auto& n : {small, large}) {
    gradient_case<TypeParam> c{n};
    matrix table = matrix::Random(n.queries, n.keys);
    table(2, 3) = -std::numeric_limits<TypeParam>::infinity();
    matrix tables = matrix::Random(n.query_heads * n.queries, n.keys);
    const Eigen::VectorXd logits = Eigen::VectorXd::Random(n.query_heads);
    const Eigen::VectorXd slopes = Eigen::VectorXd::Random(n.query_heads) / 50;
    matrix d_table = table, d_tables = tables;
    Eigen::MatrixXd exact_table(n.queries, n.keys), exact_tables(tables.rows(), n.keys);
    std::vector<TypeParam> d_logits(std::size_t(n.query_heads));
    Eigen::VectorXd exact_logits(n.query_heads), d_slopes(n.query_heads), exact_slopes = d_slopes;

    c.forward(bias(table), soft_cap(2), causal);
    c.backward(bias(table), soft_cap(2), causal, gradient_of_bias(d_table));
    c.textbook(bias(table), soft_cap(2), causal, gradient_of_bias(exact_table));
    EXPECT_LT(c.error(), this->tolerance);
    EXPECT_LT(c.error_of(d_table, exact_table), this->tolerance);

    c.forward(soft_cap(2), alibi(slopes), sink(logits), bias(tables));
    c.backward(soft_cap(2), alibi(slopes), sink(logits), bias(tables), gradient_of_bias(d_tables),
               gradient_of_sink(d_logits), gradient_of_slopes(d_slopes));
    c.textbook(soft_cap(2), alibi(slopes), sink(logits), bias(tables),
               gradient_of_bias(exact_tables), gradient_of_sink(exact_logits),
               gradient_of_slopes(exact_slopes));
    EXPECT_LT(c.error(), this->tolerance);
    EXPECT_LT(c.error_of(d_tables, exact_tables), this->tolerance);
    const double epsilon = static_cast<double>(std::numeric_limits<TypeParam>::epsilon());
    for (index h = 0; h < n.query_heads; ++h) {
      EXPECT_NEAR(static_cast<double>(d_logits[std::size_t(h)]), exact_logits[h], 300 * epsilon);
      EXPECT_NEAR(d_slopes[h], exact_slopes[h], 5000 * epsilon * (1 + std::abs(exact_slopes[h])));
    }
  }
}

TYPED_TEST(attention_backward_of, rows_that_see_nothing) {
  gradient_case<TypeParam> c{large};
  c.d_q.setConstant(9), c.d_k.setConstant(9), c.d_v.setConstant(9);
  c.run(where([](at) { return false; }));
  EXPECT_TRUE(c.d_q.isZero(0) && c.d_k.isZero(0) && c.d_v.isZero(0));
  c.run(causal && where([](at i) { return i.row % 2 == 0; }));
  EXPECT_LT(c.error(), this->tolerance);
  EXPECT_TRUE(c.d_q.row(1).isZero(0));
}

TYPED_TEST(attention_backward_of, nothing_excluded_is_read) {
  constexpr auto nan = std::numeric_limits<TypeParam>::quiet_NaN();
  gradient_case<TypeParam> c{large};
  c.k.bottomRows(80).setConstant(nan);
  c.v.bottomRows(80).setConstant(nan);
  c.q.bottomRows(30).setConstant(nan);
  c.d_out.bottomRows(30).setConstant(nan);
  c.run(key_length(251) && where([](at i) { return i.row < 120; }));
  EXPECT_LT(c.error(), this->tolerance);
  // Single ones, among others that are seen; each of the four alone, since one might hide another.
  for (int which = 0; which < 4; ++which) {
    gradient_case<TypeParam> one{large};
    auto& m = which == 0 ? one.k : (which == 1 ? one.v : (which == 2 ? one.q : one.d_out));
    m.row(40).setConstant(nan);
    if (which == 1) m(40, 1) = std::numeric_limits<TypeParam>::infinity();
    one.run(where([=](at i) { return which < 2 ? i.key != 40 : i.row != 40; }));
    EXPECT_LT(one.error(), this->tolerance) << which;
    EXPECT_TRUE(one.d_q.allFinite() && one.d_k.allFinite() && one.d_v.allFinite()) << which;
  }
  c.forward();
  c.backward();
  EXPECT_TRUE(std::isnan(c.d_q(0, 0)));
}

TYPED_TEST(attention_backward_of, adds_where_accumulate_says_so) {
  gradient_case<TypeParam> c{large};
  c.run(causal);
  const auto d_q = c.d_q.eval(), d_k = c.d_k.eval(), d_v = c.d_v.eval();
  c.backward(causal, accumulate);
  EXPECT_TRUE(c.d_q.isApprox(2 * d_q) && c.d_k.isApprox(2 * d_k) && c.d_v.isApprox(2 * d_v));
}

}  // namespace
}  // namespace heed
