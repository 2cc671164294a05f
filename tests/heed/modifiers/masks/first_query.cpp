// SPDX-License-Identifier: MIT
// Where the first query stands: causal_from says so from any depth, to every rule of the call.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

template <class... Modifiers>
std::optional<heed::index> first_query(const Modifiers&... modifiers) {
  return heed::detail::gather_rules(modifiers...).first_query();
}

TEST(first_query, is_said_by_causal_from_alone) {
  EXPECT_EQ(first_query(), std::nullopt);
  EXPECT_EQ(first_query(heed::causal, heed::window{.left = 3}), std::nullopt);
  EXPECT_EQ(first_query(heed::causal_from(7)), 7);
  EXPECT_EQ(first_query(heed::causal_from(-7)), -7);
}

TEST(first_query, is_heard_from_inside_composites) {
  const auto from = heed::causal_from(5);
  EXPECT_EQ(first_query(heed::prefix(2) || from), 5);
  EXPECT_EQ(first_query(from && heed::prefix(2)), 5);
  EXPECT_EQ(first_query(!(heed::prefix(2) && !from)), 5);
  EXPECT_EQ(first_query(heed::prefix(2), heed::soft_cap(3), from), 5);
}

// With all scores 0 a result is the mean of the places of the keys that are seen.
TEST(first_query, holds_for_masks_and_score_rules_beside_it) {
  const Eigen::MatrixXd q = Eigen::MatrixXd::Zero(2, 1), k = Eigen::MatrixXd::Zero(9, 1);
  const Eigen::MatrixXd v = Eigen::VectorXd::LinSpaced(9, 0, 8);
  const Eigen::MatrixXd near =
      heed::attention(q, k, v, heed::causal_from(4), heed::window{.left = 1});
  EXPECT_NEAR(near(0, 0), 3.5, 1e-14);  // keys 3 and 4
  EXPECT_NEAR(near(1, 0), 4.5, 1e-14);

  std::vector<int> seen_at;
  (void)heed::attention(q, k, v, heed::causal_from(-1), heed::where([&](heed::at i) {
                          if (i.key == 0) seen_at.push_back(i.query);
                          return true;
                        }));
  for (const int at : seen_at) EXPECT_TRUE(at == -1 || at == 0);

  // ALiBi measures from there: distances 3 and 2 from position 3, slope 1
  const std::vector<double> slope{1};
  const Eigen::MatrixXd bent = heed::attention(q.topRows(1), k, v, heed::causal_from(3),
                                               heed::prefix(2), heed::alibi(slope));
  EXPECT_NEAR(bent(0, 0), 1 / (1 + std::exp(-1.0)), 1e-14);
}

TEST(first_query, before_the_keys_sees_none) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(3, 2);
  Eigen::MatrixXd lse(3, 1);
  const Eigen::MatrixXd out =
      heed::attention(x, x, x, heed::causal_from(-2), heed::log_sum_exp(lse));
  EXPECT_EQ(out.topRows(2), Eigen::MatrixXd::Zero(2, 2));
  EXPECT_EQ(lse(1, 0), -std::numeric_limits<double>::infinity());
  EXPECT_NEAR(out(2, 0), x(0, 0), 1e-15);
}

TEST(first_query, counts_from_each_sequence_of_a_batch) {
  const Eigen::MatrixXd q = Eigen::MatrixXd::Zero(4, 1), v = Eigen::VectorXd::LinSpaced(4, 0, 3);
  const std::vector<int> starts{0, 2, 4};
  const Eigen::MatrixXd out = heed::attention(q, q, v, heed::packed{starts}, heed::causal_from(0));
  EXPECT_NEAR(out(0, 0), 0, 1e-15);
  EXPECT_NEAR(out(1, 0), 0.5, 1e-15);
  EXPECT_NEAR(out(2, 0), 2, 1e-15);
  EXPECT_NEAR(out(3, 0), 2.5, 1e-15);
}

}  // namespace
