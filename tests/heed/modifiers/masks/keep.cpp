// SPDX-License-Identifier: MIT
// Masks given as matrices, by hand.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

#include <utility>

namespace heed {
namespace {

using booleans = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>;

TEST(keep, sees_where_the_matrix_is_true) {
  booleans seen(3, 3);
  seen << true, false, true,  //
      false, false, false,    //
      false, true, true;
  support::expect_means({3, 6, 12}, {7.5, 0, 9}, keep(seen));
  booleans copy = seen;
  support::expect_means({3, 6, 12}, {7.5, 0, 9}, keep(std::move(copy)));
  support::expect_means({3, 6, 12}, {3, 0, 9}, keep(seen), causal);
  support::expect_means({3, 6, 12}, {6, 7, 3}, !keep(seen));
  const Eigen::MatrixXi numbers = seen.cast<int>() * 256;  // not 0, though the lowest byte is
  support::expect_means({3, 6, 12}, {7.5, 0, 9}, keep(numbers));
}

TEST(keep, of_two_heads) {
  booleans first(1, 2), second(1, 2), stacked(2, 2);
  first << true, false;
  second << false, true;
  stacked << first, second;
  const Eigen::MatrixXd q = Eigen::MatrixXd::Zero(1, 2), k = Eigen::MatrixXd::Zero(2, 2);
  Eigen::MatrixXd v(2, 2), want(1, 2);
  v << 3, 30, 6, 60;
  want << 3, 60;
  support::expect_attention(q, k, v, want, heads{2}, keep(stacked));
  support::expect_attention(q, k, v, want, heads{2}, keep(std::vector<booleans>{first, second}));
}

TEST(keep, refuses_a_matrix_of_another_size) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 1);
  const booleans seen(3, 2);
  EXPECT_EQ(support::refusal([&] { (void)attention(x, x, x, keep(seen)); }),
            "heed::attention: keep is 3x2, but it must be 3x3 (queries x keys)");
}

}  // namespace
}  // namespace heed
