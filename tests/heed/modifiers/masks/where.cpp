// SPDX-License-Identifier: MIT
// Masks of one's own, by hand.
#include "support/both_ways.hpp"

namespace heed {
namespace {

TEST(where, sees_where_the_function_is_true) {
  const auto even = where([](at i) { return i.key % 2 == 0; });
  support::expect_means({3, 6, 12}, {7.5, 7.5, 7.5}, even);
  support::expect_means({3, 6, 12}, {3, 3, 7.5}, even, causal);
  support::expect_means({3, 6, 12}, {6}, !even);
}

// Two queries over three keys stand at 1 and 2.
TEST(where, is_told_the_place) {
  support::expect_means({3, 6, 12}, {9, 12}, where([](at i) { return i.key >= i.query; }));
  support::expect_means({3, 6, 12}, {3, 6}, where([](at i) { return i.key == i.row; }));
  const Eigen::MatrixXd q = Eigen::MatrixXd::Zero(1, 2), k = Eigen::MatrixXd::Zero(2, 2);
  Eigen::MatrixXd v(2, 2), want(1, 2);
  v << 3, 30, 6, 60;
  want << 3, 60;
  support::expect_attention(q, k, v, want, heads{2}, where([](at i) { return i.key == i.head; }));
}

// Two sequences of two tokens: in the second one the first key is left out.
TEST(where, is_told_the_sequence) {
  const std::vector<index> starts{0, 2, 4};
  support::expect_means({1, 3, 5, 9}, {2, 2, 9, 9},
                        where([](at i) { return i.sequence == 0 || i.key == 1; }), packed{starts});
}

}  // namespace
}  // namespace heed
