// SPDX-License-Identifier: MIT
// A score of -infinity excludes its key, whatever rules follow: on every path, and in the reference.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;
using heed::index;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

// Keys of zeros, so that all that are seen count alike; the odd ones are excluded, and their values
// would show.
struct odd_keys_excluded {
  MatrixXf q, k, v, added;
  odd_keys_excluded(index queries, index keys)
      : q(MatrixXf::Zero(queries, 2)),
        k(MatrixXf::Zero(keys, 2)),
        v(keys, 1),
        added(queries, keys) {
    for (index j = 0; j < keys; ++j) {
      v(j, 0) = j % 4 == 0 ? 1.0f : j % 4 == 2 ? 3.0f : j % 4 == 1 ? 1000.0f : nan_value;
      added.col(j).setConstant(j % 2 == 0 ? 0.0f : -infinity);
    }
  }

  // Keys come in fours, so that the mean of the values seen is 2.
  template <class... Rules>
  void expect_two(const Rules&... rules) const {
    const MatrixXf out = heed::attention(q, k, v, rules...);
    MatrixXf lse(q.rows(), 1), again(q.rows(), 1);
    heed::attention(q, k, v, again, rules..., heed::log_sum_exp(lse));
    const MatrixXd exact = heed::reference::attention(q, k, v, rules...);
    for (index i = 0; i < q.rows(); ++i) {
      EXPECT_FLOAT_EQ(out(i, 0), 2.0f) << q.rows() << " queries, " << k.rows() << " keys";
      EXPECT_FLOAT_EQ(again(i, 0), 2.0f);
      EXPECT_NEAR(exact(i, 0), 2.0, 1e-12);
    }
  }
};

TEST(attention_excluded, no_rule_brings_a_key_back) {
  const auto odd =
      heed::score([](auto s, heed::at i) { return i.key % 2 == 0 ? s : decltype(s)(-infinity); });
  const auto shift = heed::score([](auto, heed::at) { return 0.25; });
  for (const index queries : {1, 3, 20, 70})
    for (const index keys : {4, 64, 100, 600}) {
      const odd_keys_excluded c(queries, keys);
      c.expect_two(heed::bias(c.added), heed::soft_cap(0.5));
      c.expect_two(heed::bias(c.added), heed::soft_cap(0.5), heed::soft_cap(30));
      c.expect_two(odd, heed::soft_cap(0.5));
      c.expect_two(heed::soft_cap(2), odd, shift);
      c.expect_two(heed::bias(c.added), shift);
      c.expect_two(odd,
                   heed::score([](float, heed::at i) { return i.key % 2 == 0 ? 1.0f : 9.0f; }));
    }
}

// A bias of +infinity cannot bring a key back either: -infinity + infinity is not formed.
TEST(attention_excluded, not_even_infinity) {
  const odd_keys_excluded c(3, 8);
  MatrixXf back = MatrixXf::Zero(3, 8);
  for (index j = 1; j < 8; j += 2) back.col(j).setConstant(infinity);
  c.expect_two(heed::bias(c.added), heed::bias(back));
}

// A product of -infinity is a score of -infinity.
TEST(attention_excluded, nor_does_a_cap_bring_back_an_infinite_key) {
  MatrixXf q = MatrixXf::Ones(1, 1), k(2, 1), v(2, 1);
  k << 0, -infinity;
  v << 1, 1000;
  EXPECT_EQ(heed::attention(q, k, v, heed::soft_cap(0.5))(0, 0), 1.0f);
  EXPECT_EQ(heed::reference::attention(q, k, v, heed::soft_cap(0.5))(0, 0), 1.0);
}

// One number worked out by hand, since the reference has the same rules. Scores 0 and 0.5 tanh(2) =
// 0.482014; probabilities 0.381776 and 0.618224.
TEST(attention_excluded, a_cap_still_caps_what_is_seen) {
  MatrixXf q = MatrixXf::Ones(1, 1), k(3, 1), v(3, 1), added(1, 3);
  k << 0, 1, 5;
  v << 0, 1, 1000;
  added << 0, 0, -infinity;
  EXPECT_NEAR(heed::attention(q, k, v, heed::bias(added), heed::soft_cap(0.5))(0, 0), 0.618224f,
              1e-6f);
}

}  // namespace
