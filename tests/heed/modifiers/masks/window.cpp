// SPDX-License-Identifier: MIT
// Sliding windows by hand.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

namespace heed {
namespace {

TEST(window, counts_without_the_own_position) {
  const window w{.left = 2, .right = 1};
  for (const position key : {1, 2, 3, 4}) EXPECT_TRUE(support::sees(w, 3, key)) << key;
  for (const position key : {0, 5}) EXPECT_FALSE(support::sees(w, 3, key)) << key;
  EXPECT_TRUE(support::sees((window{.left = 0, .right = 0}), 3, 3));
  EXPECT_TRUE(support::sees((window{.left = 0}), 3, 1000));
  EXPECT_TRUE(support::sees((window{.right = 0}), 3, 0));
}

TEST(window, says_what_it_covers) {
  const window w{.left = 2, .right = 1};
  EXPECT_EQ(w.keys({3, 6}).first, 1);
  EXPECT_EQ(w.keys({3, 6}).last, 7);  // query 5 sees key 6
  EXPECT_EQ((window{.left = 2}).keys({3, 6}).last, far_away);
  EXPECT_EQ((window{.right = 2}).keys({3, 6}).first, -far_away);
  EXPECT_EQ(w.cover({3, 6}, {3, 5}), coverage::all);  // 5 sees 3, and 3 sees 4
  EXPECT_EQ(w.cover({3, 6}, {2, 5}), coverage::some);
  EXPECT_EQ(w.cover({3, 6}, {3, 6}), coverage::some);
  EXPECT_EQ(w.cover({3, 6}, {7, 9}), coverage::none);
  EXPECT_EQ(w.cover({3, 6}, {0, 1}), coverage::none);
}

TEST(window, of_three_tokens) {
  support::expect_means({3, 6, 12}, {3, 4.5, 9}, causal && window{.left = 1});
  support::expect_means({3, 6, 12}, {4.5, 7, 9}, window{.left = 1, .right = 1});
  support::expect_means({3, 6, 12}, {3, 6, 12}, window{.left = 0, .right = 0});
  support::expect_means({3, 6, 12}, {7, 9, 12}, window{.left = 0});
}

TEST(window, refuses_a_negative_side) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 1);
  EXPECT_EQ(support::refusal([&] { (void)attention(x, x, x, window{.left = -1}); }),
            "heed::attention: a window has no negative side: left is -1, right is unbounded");
}

}  // namespace
}  // namespace heed
