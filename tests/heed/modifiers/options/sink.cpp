// SPDX-License-Identifier: MIT
// Attention sinks by hand: one more term in the denominator.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

#include <cmath>
#include <limits>

namespace heed {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(sink, joins_the_denominator_alone) {
  support::expect_means({3, 6, 12}, {21. / 4}, sink(std::vector{0.0}));
  support::expect_means({3, 6, 12}, {21. / 8}, sink(std::vector{std::log(5.)}));
  support::expect_means({3, 6, 12}, {7}, sink(std::vector{-infinity}));
  const std::vector<float> named{0};
  support::expect_means({3, 6, 12}, {1.5, 3, 21. / 4}, causal, sink(named));
  // The sink is not scaled: the scores are 1 after the scale, and so is the sink.
  support::expect_of_scores({8, 8}, {3, 6}, 3, scale(0.125), sink(std::vector{1.0}));
}

TEST(sink, of_each_head) {
  const Eigen::MatrixXd q = Eigen::MatrixXd::Zero(1, 2), k = Eigen::MatrixXd::Zero(1, 1);
  Eigen::MatrixXd want(1, 2);
  want << 6, 3;
  const Eigen::Vector2d logits(0, std::log(3.));
  support::expect_attention(q, k, support::column({12}), want, heads{2, 1}, sink(logits));
}

TEST(sink, is_the_log_sum_exp_of_a_row_that_sees_nothing) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(2, 1);
  Eigen::MatrixXd lse(2, 1), want(2, 1);
  want << 0.5, 0.5;
  (void)attention(x, x, x, prefix(0), sink(std::vector{0.5}), log_sum_exp(lse));
  EXPECT_EQ(lse, want);
  (void)reference::attention(x, x, x, prefix(0), sink(std::vector{0.5}), log_sum_exp(lse));
  EXPECT_EQ(lse, want);
}

TEST(sink, refuses_what_does_not_fit) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(2, 1);
  EXPECT_EQ(support::refusal([&] {
              (void)attention(x, x, x, sink(std::vector{1, 2}));
            }),
            "heed::attention: sink has 2 logits, but there are 1 query heads");
  EXPECT_EQ(support::refusal([&] { (void)attention(x, x, x, sink(std::vector{infinity})); }),
            "heed::attention: sink 0 is inf, but a logit must be a number below infinity");
}

}  // namespace
}  // namespace heed
