// SPDX-License-Identifier: MIT
// A finite number stays finite where a call of float is given a double beyond the range of float.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;
using heed::index;
constexpr double lowest = std::numeric_limits<double>::lowest();

// Keys of zeros with the values 1, 3, 1, 3, ...: the mean is 2.
template <class... Modifiers>
void expect_two(const Modifiers&... modifiers) {
  for (const index queries : {1, 3, 20, 70})
    for (const index keys : {2, 64, 100, 600}) {
      const MatrixXf q = MatrixXf::Zero(queries, 1), k = MatrixXf::Zero(keys, 1);
      MatrixXf v(keys, 1), out(queries, 1), lse(queries, 1);
      for (index j = 0; j < keys; ++j) v(j, 0) = j % 2 == 0 ? 1.0f : 3.0f;
      heed::attention(q, k, v, out, modifiers..., heed::log_sum_exp(lse));
      for (index i = 0; i < queries; ++i) {
        EXPECT_FLOAT_EQ(out(i, 0), 2.0f) << queries << " queries, " << keys << " keys";
        EXPECT_TRUE(std::isfinite(lse(i, 0))) << lse(i, 0);
      }
    }
}

TEST(attention_narrow, what_a_score_rule_returns) {
  expect_two(heed::score([](float, heed::at) { return lowest; }));
  expect_two(heed::score([](double, heed::at) { return lowest; }));
  expect_two(heed::score([](auto, heed::at) { return -1e300L; }));
}

// A score rule of one's own may return another type as well, and take one type alone.
struct far_below {
  using heed_kind = heed::score_kind;
  template <class Scalar>
  double operator()(Scalar, heed::at) const {
    return lowest;
  }
};
struct of_float {
  using heed_kind = heed::score_kind;
  float operator()(float s, heed::at) const { return 2 * s; }
};

TEST(attention_narrow, what_a_rule_of_ones_own_returns) {
  expect_two(far_below());
  expect_two(far_below(), heed::soft_cap(3));
  const MatrixXf q = MatrixXf::Ones(1, 1), k = MatrixXf::Identity(2, 1),
                 v = MatrixXf::Identity(2, 1);
  // scores 2 and 0
  EXPECT_NEAR(heed::reference::attention(q, k, v, of_float())(0, 0), 1 / (1 + std::exp(-2)), 1e-7);
}

TEST(attention_narrow, a_bias_of_another_type) {
  const MatrixXf q = MatrixXf::Zero(1, 1), k = MatrixXf::Zero(2, 1);
  MatrixXf v(2, 1), out(1, 1), lse(1, 1);
  v << 1, 3;
  const MatrixXd added = MatrixXd::Constant(1, 2, lowest);
  heed::attention(q, k, v, out, heed::bias(added), heed::log_sum_exp(lse));
  EXPECT_FLOAT_EQ(out(0, 0), 2.0f);
  EXPECT_FLOAT_EQ(lse(0, 0), std::numeric_limits<float>::lowest());
  const MatrixXd raised = MatrixXd::Constant(1, 2, 1e300);
  EXPECT_FLOAT_EQ(heed::attention(q, k, v, heed::bias(raised))(0, 0), 2.0f);
}

TEST(attention_narrow, a_scale) {
  expect_two(heed::scale(1e300));
  expect_two(heed::scale(lowest));
}

TEST(attention_narrow, caps) {
  expect_two(heed::soft_cap(1e300));
  expect_two(heed::soft_cap(1e-300));
}

// One key at the query's own place, and one before: the slope leaves the first alone.
TEST(attention_narrow, slopes) {
  const std::vector<double> slope{1e300}, rising{lowest};
  MatrixXf q = MatrixXf::Zero(1, 1), k = MatrixXf::Zero(2, 1), v(2, 1);
  v << 1, 3;
  EXPECT_FLOAT_EQ(heed::attention(q, k, v, heed::alibi(slope))(0, 0), 3.0f);
  EXPECT_FLOAT_EQ(heed::attention(q, k, v, heed::alibi(rising))(0, 0), 1.0f);
  // Where no key is at the query's place, the row still sees what there is.
  const float far_off = heed::attention(q, k, v, heed::alibi(slope), heed::causal_from(9))(0, 0);
  EXPECT_GE(far_off, 1.0f);
  EXPECT_LE(far_off, 3.0f);
}

TEST(attention_narrow, sinks) {
  const MatrixXf q = MatrixXf::Zero(1, 1), k = MatrixXf::Zero(1, 1), v = MatrixXf::Ones(1, 1);
  MatrixXf out(1, 1), lse(1, 1);
  const std::vector<double> large{1e300}, least{lowest};
  heed::attention(q, k, v, out, heed::sink(large), heed::log_sum_exp(lse));
  EXPECT_EQ(out(0, 0), 0.0f);
  EXPECT_TRUE(std::isfinite(lse(0, 0)) && lse(0, 0) > 2e38f) << lse;
  heed::attention(q, k, v, out, heed::sink(least), heed::log_sum_exp(lse));
  EXPECT_EQ(out(0, 0), 1.0f);
  heed::attention(q, k, v, out, heed::sink(least), heed::where([](heed::at) { return false; }),
                  heed::log_sum_exp(lse));
  EXPECT_TRUE(std::isfinite(lse(0, 0)) && lse(0, 0) < -2e38f) << lse;
  const std::vector<long double> widest{-std::numeric_limits<long double>::max()};
  heed::attention(q, k, v, out, heed::sink(widest), heed::where([](heed::at) { return false; }),
                  heed::log_sum_exp(lse));
  EXPECT_TRUE(std::isfinite(lse(0, 0)) && lse(0, 0) < -2e38f) << lse;
}

}  // namespace
