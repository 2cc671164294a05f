// SPDX-License-Identifier: MIT
// The factor on scores, by hand: scores of 0 and ln 3 weigh 1/4 and 3/4.
#include "support/both_ways.hpp"

#include <cmath>

namespace heed {
namespace {

const double log_3 = std::log(3.);

TEST(scale, multiplies_scores) {
  support::expect_of_scores({0, 1}, {4, 8}, 7, scale(log_3));
  support::expect_of_scores({0, 1}, {4, 8}, 5, scale(-log_3));
  support::expect_of_scores({0, 1}, {4, 8}, 6, scale(0));
  support::expect_of_scores({0, log_3}, {4, 8}, 7, scale(1));
}

TEST(scale, comes_before_score_rules) {
  Eigen::MatrixXd added(1, 2);
  added << 0, log_3;
  support::expect_of_scores({0, 1}, {4, 8}, 4 * 0.1 + 8 * 0.9, scale(log_3), bias(added));
}

// Keys of width 4: 1 / √4 halves 4 · ln(3) / 2.
TEST(scale, is_1_over_the_root_of_the_width_unless_given) {
  Eigen::MatrixXd k(2, 4);
  k << 0, 0, 0, 0, 1, 1, 1, 1;
  const Eigen::MatrixXd q = Eigen::MatrixXd::Constant(1, 4, log_3 / 2);
  support::expect_attention(q, k, support::column({4, 8}), support::column({7}));
  support::expect_attention(q, k, support::column({4, 8}), support::column({7}), scale(0.5f));
}

}  // namespace
}  // namespace heed
