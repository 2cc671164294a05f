// SPDX-License-Identifier: MIT
// Heads by hand: column blocks, and query heads that share one of keys and values.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

#include <cmath>

namespace heed {
namespace {

using Eigen::MatrixXd;

TEST(heads, are_as_many_for_keys_unless_given) {
  detail::settings<float> s;
  heads{3}.apply(s);
  EXPECT_EQ(s.query_heads, 3);
  EXPECT_EQ(s.kv_heads, 3);
  heads{.query = 6, .kv = 2}.apply(s);
  EXPECT_EQ(s.query_heads, 6);
  EXPECT_EQ(s.kv_heads, 2);
}

TEST(heads, share_keys_and_values_with_their_neighbours) {
  const double log_3 = std::log(3.);
  MatrixXd q(1, 4), k(2, 2), v(2, 2), want(1, 4);
  q << 0, 1, 0, 1;
  k << 0, log_3,  // head 0: 0 and ln 3; head 1: ln 3 and 0
      log_3, 0;
  v << 4, 40, 8, 80;
  want << 6, 7, 60, 50;
  support::expect_attention(q, k, v, want, heads{4, 2});
}

// Two heads of width 2 whose values have width 1.
TEST(heads, have_values_of_a_width_of_their_own) {
  MatrixXd v(2, 2), want(1, 2);
  v << 4, 40, 8, 80;
  want << 6, 60;
  support::expect_attention(MatrixXd::Zero(1, 4), MatrixXd::Zero(2, 4), v, want, heads{2});
}

TEST(heads, refuse_what_does_not_divide) {
  const MatrixXd x = MatrixXd::Zero(2, 6);
  const auto said = [&](const heads& h) {
    return support::refusal([&] { (void)attention(x, x, x, h); });
  };
  EXPECT_EQ(said({3, 2}),
            "heed::attention: 3 query heads cannot share 2 key/value heads; the second must divide "
            "the first");
  EXPECT_EQ(said({4}), "heed::attention: q is 2x6, whose columns do not divide into 4 query heads");
}

}  // namespace
}  // namespace heed
