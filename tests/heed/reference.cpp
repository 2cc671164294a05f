// SPDX-License-Identifier: MIT
// The textbook itself, by hand: scores of 0 and ln 3 weigh 1/4 and 3/4.
#include "support/refusal.hpp"

#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace heed {
namespace {

using Eigen::MatrixXd;
const double log_3 = std::log(3.);

MatrixXd column(const std::vector<double>& numbers) {
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), index(numbers.size()));
}

TEST(reference, weighs_values_by_the_exponentials_of_scores) {
  const MatrixXd q = column({1, 0, -1}), k = column({0, log_3}), v = column({4, 8});
  MatrixXd lse(3, 1), weights(3, 2), received(2, 1);
  const MatrixXd out = reference::attention(q, k, v, log_sum_exp(lse), heed::weights(weights),
                                            key_weights(received));
  const double want[3][2] = {{0.25, 0.75}, {0.5, 0.5}, {0.75, 0.25}};
  for (index i = 0; i < 3; ++i) {
    EXPECT_NEAR(out(i, 0), 4 * want[i][0] + 8 * want[i][1], 1e-14);
    for (index j = 0; j < 2; ++j) EXPECT_NEAR(weights(i, j), want[i][j], 1e-15);
  }
  EXPECT_NEAR(lse(0, 0), std::log(4.), 1e-15);
  EXPECT_NEAR(lse(1, 0), std::log(2.), 1e-15);
  EXPECT_NEAR(lse(2, 0), std::log(4. / 3), 1e-15);
  EXPECT_NEAR(received(0, 0), 1.5, 1e-15);
  EXPECT_NEAR(received(1, 0), 1.5, 1e-15);
}

// Keys of width 4: 1 / √4 halves 4 · ln(3) / 2.
TEST(reference, divides_scores_by_the_root_of_the_width) {
  MatrixXd k(2, 4);
  k << 0, 0, 0, 0, 1, 1, 1, 1;
  const MatrixXd q = MatrixXd::Constant(1, 4, log_3 / 2);
  EXPECT_NEAR(reference::attention(q, k, column({4, 8}))(0, 0), 7, 1e-14);
}

TEST(reference, of_no_key_is_0) {
  const MatrixXd x = MatrixXd::Ones(2, 1);
  MatrixXd lse(2, 1);
  EXPECT_EQ(reference::attention(x, x, x, prefix(0), log_sum_exp(lse)), MatrixXd::Zero(2, 1));
  EXPECT_EQ(lse(0, 0), -std::numeric_limits<double>::infinity());
}

TEST(reference, of_large_numbers_does_not_overflow) {
  const MatrixXd out = reference::attention(column({1}), column({1e300, 1e300}), column({4, 8}));
  EXPECT_EQ(out(0, 0), 6);
  // Eleven rounded elevenths are more than 1, and their sum is infinite by rounding alone.
  const double largest = std::numeric_limits<double>::max();
  const MatrixXd mean = reference::attention(column({1}), column(std::vector<double>(11, 0)),
                                             column(std::vector<double>(11, largest)));
  EXPECT_EQ(mean(0, 0), largest);
}

TEST(reference, of_nan_is_nan_where_it_is_seen) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const MatrixXd q = column({0, 0}), v = column({4, 8});
  const MatrixXd out = reference::attention(q, column({0, nan}), v, causal);
  EXPECT_EQ(out(0, 0), 4);
  EXPECT_TRUE(std::isnan(out(1, 0)));
}

// Two sequences of one and two tokens.
TEST(reference, of_packed_sequences) {
  const std::vector<index> starts{0, 1, 3};
  MatrixXd weights(3, 2);
  weights.setConstant(9);
  const MatrixXd x = MatrixXd::Zero(3, 1);
  const MatrixXd out =
      reference::attention(x, x, column({3, 6, 12}), packed{starts}, heed::weights(weights));
  EXPECT_EQ(out, column({3, 9, 9}));
  MatrixXd want(3, 2);
  want << 1, 0, 0.5, 0.5, 0.5, 0.5;
  EXPECT_EQ(weights, want);
}

TEST(reference, names_itself_in_refusals) {
  const MatrixXd x = MatrixXd::Zero(2, 3), narrow = MatrixXd::Zero(2, 2);
  EXPECT_EQ(support::refusal([&] { (void)reference::attention(x, narrow, x); }),
            "heed::reference::attention: head width differs: q is 2x3, k is 2x2");
}

}  // namespace
}  // namespace heed
