// SPDX-License-Identifier: MIT
// The soft cap by hand: tanh(ln(3) / 2) is 1/2, so a score of ln(3)² under a cap of 2 ln 3 becomes ln 3.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

#include <cmath>
#include <limits>

namespace heed {
namespace {

const double log_3 = std::log(3.);

TEST(soft_cap, bends_scores) {
  support::expect_of_scores({0, log_3 * log_3}, {4, 8}, 7, soft_cap(2 * log_3));
  support::expect_of_scores({0, -log_3 * log_3}, {4, 8}, 5, soft_cap(2 * log_3));
  // 10,000 becomes the cap itself.
  support::expect_of_scores({0, 10000}, {4, 8}, 7, soft_cap(log_3));
}

TEST(soft_cap, bends_what_the_rules_before_it_give) {
  Eigen::MatrixXd added(1, 2);
  added << 0, log_3 * log_3;
  support::expect_of_scores({0, 0}, {4, 8}, 7, bias(added), soft_cap(2 * log_3));
  added << 0, log_3;
  support::expect_of_scores({0, 10000}, {4, 8}, 4 * 0.1 + 8 * 0.9, soft_cap(log_3), bias(added));
}

TEST(soft_cap, is_taken_in_the_precision_of_the_scores) {
  const scope anywhere{};
  const at nowhere{};
  EXPECT_NEAR(soft_cap(2).bind(anywhere)(100.0f, nowhere), 2, 1e-6);
  EXPECT_EQ(soft_cap(2).bind(anywhere)(0.0, nowhere), 0);
  // A cap that is no float is the least one that scores can be divided by.
  EXPECT_EQ(soft_cap(1e-60).bind(anywhere)(1.0f, nowhere), std::numeric_limits<float>::min());
}

TEST(soft_cap, must_be_positive_and_finite) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 1);
  const auto said = [&](double cap) {
    return support::refusal([&] { (void)attention(x, x, x, soft_cap(cap)); });
  };
  EXPECT_EQ(said(0), "heed::attention: soft_cap is 0, but it must be positive and finite");
  EXPECT_EQ(said(-2), "heed::attention: soft_cap is -2, but it must be positive and finite");
  EXPECT_EQ(said(std::numeric_limits<double>::infinity()),
            "heed::attention: soft_cap is inf, but it must be positive and finite");
}

}  // namespace
}  // namespace heed
