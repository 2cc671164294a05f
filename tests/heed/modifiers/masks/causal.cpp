// SPDX-License-Identifier: MIT
// Causal masks by hand.
#include "support/both_ways.hpp"

namespace heed {
namespace {

TEST(causal, sees_its_own_position_and_before) {
  EXPECT_TRUE(support::sees(causal, 3, 3));
  EXPECT_TRUE(support::sees(causal, 3, 0));
  EXPECT_FALSE(support::sees(causal, 3, 4));
  EXPECT_FALSE(support::sees(causal, -1, 0));
  EXPECT_TRUE(support::sees(causal(), 1, 1));
}

TEST(causal, says_what_it_covers) {
  EXPECT_EQ(causal.keys({3, 6}).last, 6);  // queries 3, 4, 5 see keys up to 5
  EXPECT_EQ(causal.keys({3, 6}).first, -far_away);
  EXPECT_EQ(causal.cover({3, 6}, {0, 4}), coverage::all);
  EXPECT_EQ(causal.cover({3, 6}, {0, 5}), coverage::some);
  EXPECT_EQ(causal.cover({3, 6}, {5, 9}), coverage::some);
  EXPECT_EQ(causal.cover({3, 6}, {6, 9}), coverage::none);
}

TEST(causal, aligns_queries_to_the_end_of_the_keys) {
  support::expect_means({3, 6, 12}, {4.5, 7}, causal);
  support::expect_means({3, 6, 12}, {3, 4.5, 7}, causal);
}

TEST(causal, from_a_place) {
  EXPECT_EQ(causal_from(7).first_query(), 7);
  support::expect_means({3, 6, 12}, {3, 4.5}, causal_from(0));
  support::expect_means({3, 6, 12}, {0, 3}, causal_from(-1));
  support::expect_means({3, 6, 12}, {7, 7}, causal_from(5));
}

}  // namespace
}  // namespace heed
