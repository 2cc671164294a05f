// SPDX-License-Identifier: MIT
// Dropout: what is dropped depends on seed, sequence, head, query position and key, and on no more.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::at;
using heed::dropout;

constexpr at place(int query, int key, int head = 0, int sequence = 0) {
  return {query, key, head, 0, sequence};
}

TEST(dropout, drops_the_share_that_it_is_told) {
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    int kept = 0, count = 0;
    for (int query = 0; query < 200; ++query)
      for (int key = 0; key < 200; ++key, ++count)
        kept += dropout{.probability = p, .seed = 17}.keeps(place(query, key));
    // five deviations of a binomial count
    EXPECT_NEAR(kept, count * (1 - p), 5 * std::sqrt(count * p * (1 - p))) << p;
  }
}

// The share of pairs on which two draws agree is 1/2 where they do not depend on each other.
double agreement(const dropout& a, const dropout& b, at shift) {
  int same = 0, count = 0;
  for (int query = 0; query < 100; ++query)
    for (int key = 0; key < 100; ++key, ++count)
      same += a.keeps(place(query, key)) ==
              b.keeps(place(query + shift.query, key + shift.key, shift.head, shift.sequence));
  return double(same) / count;
}

TEST(dropout, draws_anew_for_each_part_of_the_place) {
  const dropout d{.probability = 0.5, .seed = 3};
  const double five_deviations = 5 * 0.5 / 100;
  EXPECT_EQ(agreement(d, d, place(0, 0)), 1);
  for (const at shift : {place(1, 0), place(0, 1), place(0, 4), place(0, 0, 1), place(0, 0, 0, 1),
                         place(-7, 3, 2, 5)})
    EXPECT_NEAR(agreement(d, d, shift), 0.5, five_deviations);
  EXPECT_NEAR(agreement(d, dropout{.probability = 0.5, .seed = 4}, place(0, 0)), 0.5,
              five_deviations);
  EXPECT_NEAR(agreement(d, dropout{.probability = 0.5, .seed = 3 + (1ull << 40)}, place(0, 0)), 0.5,
              five_deviations);
}

TEST(dropout, drops_more_at_a_higher_probability_from_the_same_draw) {
  for (int key = 0; key < 1000; ++key)
    EXPECT_LE((dropout{.probability = 0.7, .seed = 5}.keeps(place(2, key))),
              (dropout{.probability = 0.2, .seed = 5}.keeps(place(2, key))));
}

TEST(dropout, draws_many_as_it_draws_one) {
  for (const double p : {1e-12, 0x1p-32, 0.1, 0.25, 0.5, 1 - 0x1p-32, 1 - 1e-12}) {
    const dropout d{.probability = p, .seed = 11};
    for (const at first : {place(0, 0), place(-3, 8, 2, 1), place(50, 1000)}) {
      const auto words = d.draw<8>(first);
      for (int w = 0; w < 4; ++w)
        for (int l = 0; l < 8; ++l)
          ASSERT_EQ(words[std::size_t(w)][std::size_t(l)] > d.dropped_up_to(),
                    d.keeps(place(first.query + l, first.key + w, first.head, first.sequence)))
              << p;
    }
  }
  // The words at the edge itself.
  for (const double p : {1e-12, 0x1p-32, 0.1, 0.25, 0.5, 1 - 0x1p-32, 1 - 1e-12}) {
    const dropout d{.probability = p};
    const std::uint32_t last = d.dropped_up_to();
    EXPECT_LT(heed::detail::unit(last), p);
    if (last < 0xffffffff) {
      EXPECT_GE(heed::detail::unit(last + 1), p);
    }
  }
}

TEST(dropout, ignores_the_row_and_knows_the_position) {
  const dropout d{.probability = 0.5, .seed = 1};
  for (int key = 0; key < 100; ++key)
    EXPECT_EQ(d.keeps({5, key, 0, 5, 0}), d.keeps({5, key, 0, 0, 0}));
}

// The result is what the definition gives, one pair at a time.
TEST(dropout, scales_what_is_left) {
  const int n = 20, m = 150;
  const MatrixXd q = MatrixXd::Random(n, 4), k = MatrixXd::Random(m, 4), v = MatrixXd::Random(m, 3);
  const dropout d{.probability = 0.3, .seed = 99};
  MatrixXd weights(n, m), lse(n, 1), plain_lse(n, 1);
  const MatrixXd out = heed::attention(q, k, v, d, heed::weights(weights), heed::log_sum_exp(lse));
  MatrixXd dropped = heed::attention(q, k, v, heed::log_sum_exp(plain_lse));
  dropped.setZero();
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < m; ++j)
      if (d.keeps({i + m - n, j, 0, i, 0})) dropped.row(i) += weights(i, j) / 0.7 * v.row(j);
  EXPECT_TRUE(out.isApprox(dropped, 1e-13));
  EXPECT_EQ(lse, plain_lse) << "the log-sum-exp is that without dropout";
  for (int i = 0; i < n; ++i)
    EXPECT_NEAR(weights.row(i).sum(), 1, 1e-14) << "and so are the probabilities";
}

TEST(dropout, keeps_the_expectation) {
  const MatrixXd q = MatrixXd::Random(3, 4), k = MatrixXd::Random(70, 4);
  const MatrixXd v = MatrixXd::Ones(70, 1);
  const int draws = 2000;
  MatrixXd sum = MatrixXd::Zero(3, 1), weights(3, 70);
  for (int seed = 0; seed < draws; ++seed)
    sum += heed::attention(q, k, v, dropout{.probability = 0.5, .seed = std::uint64_t(seed)},
                           heed::weights(weights));
  // the variance of a row's sum of w_j b_j / (1 - p) is sum of w_j^2 p / (1 - p)
  for (int i = 0; i < 3; ++i)
    EXPECT_NEAR(sum(i, 0) / draws, 1, 5 * std::sqrt(weights.row(i).squaredNorm() / draws));
}

}  // namespace
