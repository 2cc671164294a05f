// SPDX-License-Identifier: MIT
// What a call gives beside its result: shapes, places in memory, and meaning.
#include <heed/attention.hpp>

#include "support/guarded.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;
using heed::index;
using support::refusal;

const MatrixXf q = MatrixXf::Random(5, 8), k = MatrixXf::Random(6, 8), v = MatrixXf::Random(6, 8);

TEST(outputs, without_a_size_are_refused) {
  MatrixXf none, out = MatrixXf::Constant(5, 8, 7);
  EXPECT_EQ(refusal([&] { heed::attention(q, k, v, out, heed::log_sum_exp(none)); }),
            "heed::attention: log_sum_exp is 0x0, but it must be 5x1");
  EXPECT_EQ(refusal([&] { heed::attention(q, k, v, out, heed::weights(none)); }),
            "heed::attention: weights is 0x0, but it must be 5x6");
  EXPECT_EQ(refusal([&] { heed::attention(q, k, v, none); }),
            "heed::attention: out is 0x0, but it must be 5x8");
  EXPECT_TRUE((out.array() == 7).all());
}

TEST(outputs, must_not_share_memory_with_anything_of_the_call) {
  MatrixXf all = MatrixXf::Random(30, 8);
  const MatrixXf before = all;
  auto rows = all.topRows(6);  // q, k and v
  MatrixXf out(6, 8), own(6, 6);
  const auto words = [&](auto&& o, auto&& lse, auto&& w) {
    return refusal(
        [&] { heed::attention(rows, rows, rows, o, heed::log_sum_exp(lse), heed::weights(w)); });
  };
  MatrixXf lse(6, 1);
  EXPECT_EQ(words(out, lse, own), "accepted");
  EXPECT_EQ(words(out, all.block(5, 0, 6, 1), own),
            "heed::attention: log_sum_exp (6x1) overlaps q (6x8) in memory");
  EXPECT_EQ(words(out, lse, all.block(5, 2, 6, 6)),
            "heed::attention: weights (6x6) overlaps q (6x8) in memory");
  EXPECT_EQ(words(all.middleRows(5, 6), lse, own),
            "heed::attention: out (6x8) overlaps q (6x8) in memory");
  EXPECT_EQ(words(all.middleRows(6, 6), lse, all.block(11, 0, 6, 6)),
            "heed::attention: weights (6x6) overlaps out (6x8) in memory");
  EXPECT_EQ(words(all.middleRows(6, 6), all.block(11, 7, 6, 1), own),
            "heed::attention: log_sum_exp (6x1) overlaps out (6x8) in memory");
  EXPECT_EQ(words(out, all.block(12, 0, 6, 1), all.block(17, 0, 6, 6)),
            "heed::attention: weights (6x6) overlaps log_sum_exp (6x1) in memory");
  EXPECT_EQ(all, before);
  EXPECT_EQ(words(all.middleRows(6, 6), all.block(12, 0, 6, 1), all.block(12, 1, 6, 6)),
            "accepted");
  EXPECT_EQ(MatrixXf(all.topRows(6)), MatrixXf(before.topRows(6)));
}

TEST(outputs, go_into_any_layout_and_nowhere_else) {
  using support::layout;
  const heed::heads heads{2};
  MatrixXf out(5, 8), lse(5, 2), weights(10, 6);
  heed::attention(q, k, v, out, heads, heed::log_sum_exp(lse), heed::weights(weights));
  for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
    support::guarded<float> o(5, 8, order, 9), l(5, 2, order, 9), w(10, 6, order, 9);
    heed::attention(q, k, v, o.matrix(), heads, heed::log_sum_exp(l.matrix()),
                    heed::weights(w.matrix()));
    EXPECT_EQ(o.matrix(), out);
    EXPECT_EQ(l.matrix(), lse);
    EXPECT_EQ(w.matrix(), weights);
    EXPECT_TRUE(o.intact() && l.intact() && w.intact());
  }
}

TEST(outputs, may_be_vectors_where_they_are_one_wide) {
  Eigen::VectorXf lse(5), longer(9);
  MatrixXf want(5, 1);
  (void)heed::attention(q, k, v, heed::log_sum_exp(lse));
  (void)heed::attention(q, k, v, heed::log_sum_exp(longer.segment(2, 5)));
  (void)heed::attention(q, k, v, heed::log_sum_exp(want));
  EXPECT_EQ(lse, want);
  EXPECT_EQ(Eigen::VectorXf(longer.segment(2, 5)), lse);
}

TEST(outputs, weights_make_the_result) {
  const MatrixXd x = MatrixXd::Random(70, 12), y = MatrixXd::Random(100, 6);
  MatrixXd weights(4 * 70, 100), lse(70, 4), out(70, 12);
  heed::attention(x, y, y, out, heed::heads{4, 2}, heed::causal, heed::weights(weights),
                  heed::log_sum_exp(lse));
  for (int h = 0; h < 4; ++h) {
    const MatrixXd p = weights.middleRows(70 * h, 70);
    EXPECT_TRUE(MatrixXd(p * y.middleCols(h / 2 * 3, 3)).isApprox(out.middleCols(3 * h, 3), 1e-13));
    for (int i = 0; i < 70; ++i)
      for (int j = 0; j < 100; ++j) {
        if (j > i + 30) {
          ASSERT_EQ(p(i, j), 0);
        } else {
          const double s =
              x.row(i).segment(3 * h, 3).dot(y.row(j).segment(h / 2 * 3, 3)) / std::sqrt(3.0);
          ASSERT_NEAR(p(i, j), std::exp(s - lse(i, h)), 1e-14);
        }
      }
  }
}

TEST(outputs, weights_of_a_batch_are_zero_beyond_a_sequences_keys) {
  const std::vector<int> queries{0, 2, 5}, keys{0, 4, 6};
  MatrixXf weights = MatrixXf::Constant(5, 4, 9);
  (void)heed::attention(q, k, v, heed::packed(queries, keys), heed::weights(weights));
  EXPECT_TRUE(MatrixXf(weights.bottomRightCorner(3, 2)).isZero(0));
  for (index i = 0; i < 5; ++i) EXPECT_NEAR(weights.row(i).sum(), 1, 1e-6);
}

TEST(outputs, weights_of_rows_that_see_nothing_are_zero) {
  MatrixXf weights = MatrixXf::Constant(5, 6, 9);
  (void)heed::attention(q, k, v, heed::causal_from(-3), heed::weights(weights));
  EXPECT_TRUE(MatrixXf(weights.topRows(3)).isZero(0));
  EXPECT_EQ(weights(3, 0), 1);
  EXPECT_TRUE(MatrixXf(weights.row(3).tail(5)).isZero(0));
}

}  // namespace
