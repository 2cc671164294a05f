// SPDX-License-Identifier: MIT
// Matrices added to the scores, by hand: 0 and ln 3 weigh 1/4 and 3/4.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace heed {
namespace {

using Eigen::MatrixXd;
const double log_3 = std::log(3.);
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(bias, is_added_to_the_scores) {
  MatrixXd added(1, 2);
  added << 0, log_3;
  support::expect_of_scores({0, 0}, {4, 8}, 7, bias(added));
  support::expect_of_scores({log_3, 0}, {4, 8}, 6, bias(added));
  MatrixXd copy = added;
  support::expect_of_scores({0, 0}, {4, 8}, 7, bias(std::move(copy)));
  support::expect_of_scores({0, 0}, {4, 8}, 4 * 0.1 + 8 * 0.9, bias(added), bias(added));
  const Eigen::MatrixXi integers = Eigen::MatrixXi::Zero(1, 2);
  support::expect_of_scores({0, log_3}, {4, 8}, 7, bias(integers));
}

TEST(bias, of_minus_infinity_excludes_its_key) {
  MatrixXd added(2, 2);
  added << -infinity, 5, -infinity, -infinity;
  support::expect_means({4, 8}, {8, 0}, bias(added));
  added << -infinity, 0, 0, 0;
  support::expect_of_scores({infinity, 0}, {4, 8}, 8, bias(added.topRows(1).eval()));
}

TEST(bias, of_two_heads) {
  MatrixXd first(1, 2), second(1, 2), stacked(2, 2);
  first << 0, log_3;
  second << log_3, 0;
  stacked << first, second;
  const MatrixXd q = MatrixXd::Zero(1, 2), k = MatrixXd::Zero(2, 2);
  MatrixXd v(2, 2), want(1, 2);
  v << 4, 4, 8, 8;
  want << 7, 5;
  support::expect_attention(q, k, v, want, heads{2}, bias(stacked));
  support::expect_attention(q, k, v, want, heads{2}, bias(std::vector<MatrixXd>{first, second}));
}

TEST(bias, refuses_a_matrix_of_another_size) {
  const MatrixXd x = MatrixXd::Zero(3, 1), added(2, 3);
  EXPECT_EQ(support::refusal([&] { (void)attention(x, x, x, bias(added)); }),
            "heed::attention: bias is 2x3, but it must be 3x3 (queries x keys)");
}

}  // namespace
}  // namespace heed
