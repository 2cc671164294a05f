// SPDX-License-Identifier: MIT
// The first keys only, by hand.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

namespace heed {
namespace {

TEST(prefix, sees_the_first_keys) {
  EXPECT_TRUE(support::sees(prefix(2), 0, 1));
  EXPECT_FALSE(support::sees(prefix(2), 9, 2));
  EXPECT_FALSE(support::sees(prefix(0), 9, 0));
}

TEST(prefix, says_what_it_covers) {
  EXPECT_EQ(prefix(5).keys({0, 1}).last, 5);
  EXPECT_EQ(prefix(5).cover({0, 1}, {2, 5}), coverage::all);
  EXPECT_EQ(prefix(5).cover({0, 1}, {4, 6}), coverage::some);
  EXPECT_EQ(prefix(5).cover({0, 1}, {5, 6}), coverage::none);
}

TEST(prefix, of_three_tokens) {
  support::expect_means({3, 6, 12}, {4.5, 4.5, 7}, causal || prefix(2));
  support::expect_means({3, 6, 12}, {3, 3}, prefix(1));
  support::expect_means({3, 6, 12}, {0}, prefix(0));
  support::expect_means({3, 6, 12}, {7}, prefix(99));
  support::expect_means({3, 6, 12}, {4.5}, key_length(2));
  // Queries stay aligned to the last row, so that the first of two sees keys 0 and 1.
  support::expect_means({3, 6, 12}, {4.5, 4.5}, causal, key_length(2));
}

TEST(prefix, refuses_what_does_not_fit) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 1);
  EXPECT_EQ(support::refusal([&] { (void)attention(x, x, x, prefix(-1)); }),
            "heed::attention: prefix is -1, which is negative");
  EXPECT_EQ(support::refusal([&] { (void)attention(x, x, x, key_length(4)); }),
            "heed::attention: key_length is 4, but there are 3 keys");
}

}  // namespace
}  // namespace heed
