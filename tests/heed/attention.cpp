// SPDX-License-Identifier: MIT
// What attention means, on examples small enough to work out by hand.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

// Queries and keys of zeros give every key the same score, so that a result is the mean of the
// values of the keys that are seen.
struct means {
  MatrixXd q, k, v;
  means(int queries, int keys)
      : q(MatrixXd::Zero(queries, 2)), k(MatrixXd::Zero(keys, 2)), v(keys, 1) {
    for (int i = 0; i < keys; ++i) v(i, 0) = std::pow(10, i);  // 1, 10, 100, ...
  }
};

TEST(attention, is_the_softmax_of_scaled_products) {
  MatrixXd q(1, 4), k(2, 4), v(2, 1);
  q << 1, 2, 0, 0;
  k << 1, 0, 0, 0, 0, 1, 0, 0;
  v << 0, 1;
  // scores 1/2 and 2/2: the second key's probability is 1 / (1 + e^(-1/2))
  EXPECT_NEAR(heed::attention(q, k, v)(0, 0), 1 / (1 + std::exp(-0.5)), 1e-15);
  EXPECT_NEAR(heed::attention(q, k, v, heed::scale(2))(0, 0), 1 / (1 + std::exp(-2)), 1e-15);
  EXPECT_NEAR(heed::attention(q, k, v, heed::scale(0))(0, 0), 0.5, 1e-15);
}

TEST(attention, causal_is_aligned_to_the_end_of_the_keys) {
  const means m(2, 4);
  const MatrixXd out = heed::attention(m.q, m.k, m.v, heed::causal);
  EXPECT_NEAR(out(0, 0), 111.0 / 3, 1e-12);
  EXPECT_NEAR(out(1, 0), 1111.0 / 4, 1e-12);
}

TEST(attention, causal_from_says_where_the_first_query_stands) {
  const means m(2, 4);
  const MatrixXd out = heed::attention(m.q, m.k, m.v, heed::causal_from(0));
  EXPECT_NEAR(out(0, 0), 1, 1e-12);
  EXPECT_NEAR(out(1, 0), 11.0 / 2, 1e-12);
  // ... to a window beside it, too
  const MatrixXd near =
      heed::attention(m.q, m.k, m.v, heed::causal_from(1) && heed::window{.left = 1});
  EXPECT_NEAR(near(0, 0), 11.0 / 2, 1e-12);
  EXPECT_NEAR(near(1, 0), 110.0 / 2, 1e-12);
}

TEST(attention, more_queries_than_keys_leave_rows_that_see_nothing) {
  const means m(3, 2);
  MatrixXd lse(3, 1);
  const MatrixXd out = heed::attention(m.q, m.k, m.v, heed::causal, heed::log_sum_exp(lse));
  EXPECT_EQ(out(0, 0), 0);
  EXPECT_EQ(lse(0, 0), -infinity);
  EXPECT_NEAR(out(1, 0), 1, 1e-12);
  EXPECT_NEAR(lse(2, 0), std::log(2), 1e-15);
}

TEST(attention, windows_leave_out_the_querys_own_position) {
  const means m(4, 4);
  const MatrixXd out = heed::attention(m.q, m.k, m.v, heed::window{.left = 1, .right = 0});
  EXPECT_NEAR(out(0, 0), 1, 1e-12);
  EXPECT_NEAR(out(3, 0), 1100.0 / 2, 1e-12);
}

TEST(attention, masks_compose) {
  const means m(4, 4);
  const auto rule = (heed::causal && heed::window{.left = 0}) || heed::prefix(1);
  EXPECT_NEAR(heed::attention(m.q, m.k, m.v, rule)(3, 0), 1001.0 / 2, 1e-12);
  EXPECT_NEAR(heed::attention(m.q, m.k, m.v, !heed::prefix(3))(0, 0), 1000, 1e-9);
  EXPECT_NEAR(heed::attention(m.q, m.k, m.v, heed::key_length(2))(3, 0), 11.0 / 2, 1e-12);
  const std::vector<int> ids{7, 7, 5, 5};
  EXPECT_NEAR(heed::attention(m.q, m.k, m.v, heed::documents(ids), heed::causal)(2, 0), 100, 1e-12);
}

TEST(attention, score_rules_apply_left_to_right) {
  MatrixXd q(1, 1), k(2, 1), v(2, 1);
  q << 1;
  k << 3, 0;
  v << 1, 0;
  const auto plus_one = heed::score([](double s, heed::at i) { return i.key == 0 ? s + 1 : s; });
  const double capped_then_raised = 2 * std::tanh(1.5) + 1;
  const double raised_then_capped = 2 * std::tanh(2.0);
  EXPECT_NEAR(heed::attention(q, k, v, heed::soft_cap(2), plus_one)(0, 0),
              1 / (1 + std::exp(-capped_then_raised)), 1e-14);
  EXPECT_NEAR(heed::attention(q, k, v, plus_one, heed::soft_cap(2))(0, 0),
              1 / (1 + std::exp(-raised_then_capped)), 1e-14);
}

TEST(attention, alibi_falls_with_the_distance) {
  const means m(1, 3);
  // one head: slope 1/256; distances 2, 1, 0
  const double a = std::exp(-2.0 / 256), b = std::exp(-1.0 / 256);
  EXPECT_NEAR(heed::attention(m.q, m.k, m.v, heed::alibi())(0, 0), (a + 10 * b + 100) / (a + b + 1),
              1e-12);
  const std::vector<float> slopes{0.5f};
  const double c = std::exp(-1.0), d = std::exp(-0.5);
  EXPECT_NEAR(heed::attention(m.q, m.k, m.v, heed::alibi(slopes))(0, 0),
              (c + 10 * d + 100) / (c + d + 1), 1e-12);
}

TEST(attention, a_sink_joins_the_denominator_alone) {
  const means m(1, 3);
  const std::vector<double> logits{std::log(3.0)};
  MatrixXd lse(1, 1), weights(1, 3);
  const MatrixXd out = heed::attention(m.q, m.k, m.v, heed::sink(logits), heed::log_sum_exp(lse),
                                       heed::weights(weights));
  EXPECT_NEAR(out(0, 0), 111.0 / 6, 1e-12);
  EXPECT_NEAR(lse(0, 0), std::log(6.0), 1e-15);
  EXPECT_NEAR(weights.sum(), 0.5, 1e-15);
  MatrixXd none =
      heed::attention(m.q, m.k, m.v, heed::sink(logits), heed::prefix(0), heed::log_sum_exp(lse));
  EXPECT_EQ(none(0, 0), 0);
  EXPECT_NEAR(lse(0, 0), std::log(3.0), 1e-15);
}

TEST(attention, an_infinite_bias_excludes_its_key) {
  const means m(1, 3);
  MatrixXd added(1, 3), k = m.k, v = m.v;
  added << 0, -infinity, 0;
  k.row(1).setConstant(nan_value);
  v(1, 0) = nan_value;
  EXPECT_TRUE(std::isnan(heed::attention(m.q, k, v)(0, 0)));
  EXPECT_NEAR(heed::attention(m.q, k, m.v, heed::bias(added))(0, 0), 101.0 / 2, 1e-12);
  EXPECT_NEAR(heed::attention(m.q, m.k, v, heed::bias(added))(0, 0), 101.0 / 2, 1e-12);
}

// The most negative number, where others write -infinity, is a number like any other.
TEST(attention, the_lowest_bias_is_no_exclusion) {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Zero(1, 2), k = q.replicate(2, 1);
  Eigen::MatrixXf v(2, 1), added(1, 2);
  v << 1, 3;
  added.setConstant(std::numeric_limits<float>::lowest());
  EXPECT_EQ(heed::attention(q, k, v, heed::bias(added))(0, 0), 2);
  added(0, 1) = 0;
  EXPECT_EQ(heed::attention(q, k, v, heed::bias(added))(0, 0), 3);
  added << 1e12f, 1e12f;
  EXPECT_EQ(heed::attention(q, k, v, heed::bias(added))(0, 0), 2);
}

TEST(attention, bias_may_be_a_matrix_a_head) {
  const MatrixXd q = MatrixXd::Zero(1, 2), k = q.replicate(2, 1);
  MatrixXd v(2, 2);
  v << 0, 0, 1, 1;
  MatrixXd stacked(2, 2);
  stacked << 0, std::log(3.0), 0, std::log(7.0);
  const std::vector<MatrixXd> apart{stacked.topRows(1), stacked.bottomRows(1)};
  for (const MatrixXd& out : {heed::attention(q, k, v, heed::heads{2}, heed::bias(stacked)),
                              heed::attention(q, k, v, heed::heads{2}, heed::bias(apart))}) {
    EXPECT_NEAR(out(0, 0), 0.75, 1e-15);
    EXPECT_NEAR(out(0, 1), 0.875, 1e-15);
  }
}

TEST(attention, grouped_heads_share_keys) {
  MatrixXd q(1, 4), k(2, 2), v(2, 4);
  q << 1, 2, 3, 4;
  k << 0, 0, 1, 2;
  v << 0, 0, 0, 0, 1, 10, 1, 10;  // kv head 0: columns 0 and 1
  const MatrixXd out = heed::attention(q, k, v, heed::heads{.query = 4, .kv = 2});
  ASSERT_EQ(out.cols(), 8);
  const double scores[] = {1, 2, 6, 8};  // heads 0 and 1 read key head 0, heads 2 and 3 key head 1
  for (int h = 0; h < 4; ++h) {
    EXPECT_NEAR(out(0, 2 * h), 1 / (1 + std::exp(-scores[h])), 1e-14) << h;
    EXPECT_NEAR(out(0, 2 * h + 1), 10 / (1 + std::exp(-scores[h])), 1e-13) << h;
  }
}

TEST(attention, packed_sequences_attend_to_themselves) {
  const means m(4, 4);
  const std::vector<heed::index> starts{0, 1, 1, 4};
  const MatrixXd out = heed::attention(m.q, m.k, m.v, heed::packed{starts}, heed::causal);
  EXPECT_NEAR(out(0, 0), 1, 1e-12);
  EXPECT_NEAR(out(1, 0), 10, 1e-12);
  EXPECT_NEAR(out(3, 0), 1110.0 / 3, 1e-12);
}

TEST(attention, nothing_in_gives_nothing_out) {
  const means m(0, 3), n(2, 0);
  EXPECT_EQ(heed::attention(m.q, m.k, m.v).rows(), 0);
  MatrixXd lse(2, 1);
  const MatrixXd out = heed::attention(n.q, n.k, n.v, heed::log_sum_exp(lse));
  EXPECT_EQ(out, MatrixXd::Zero(2, 1));
  EXPECT_EQ(lse(1, 0), -infinity);
}

TEST(attention, nan_comes_through_where_it_is_attended_to) {
  means m(3, 3);
  m.v(1, 0) = nan_value;
  MatrixXd out = heed::attention(m.q, m.k, m.v, heed::causal);
  EXPECT_NEAR(out(0, 0), 1, 1e-12);
  EXPECT_TRUE(std::isnan(out(1, 0)) && std::isnan(out(2, 0)));
  m = means(3, 3);
  m.k(1, 0) = nan_value;
  out = heed::attention(m.q, m.k, m.v, heed::causal);
  EXPECT_NEAR(out(0, 0), 1, 1e-12);
  EXPECT_TRUE(std::isnan(out(1, 0)) && std::isnan(out(2, 0)));
}

TEST(attention, accepts_any_eigen_object_with_direct_access) {
  const MatrixXf q = MatrixXf::Random(5, 4), k = MatrixXf::Random(6, 4), v = MatrixXf::Random(6, 3);
  const MatrixXf want = heed::attention(q, k, v);

  const Eigen::ArrayXXf array = q.array();
  EXPECT_EQ(heed::attention(array, k, v), want);
  const Eigen::Matrix<float, 5, 4, Eigen::RowMajor> fixed = q;
  EXPECT_EQ(heed::attention(fixed, k, v), want);
  const Eigen::Ref<const MatrixXf> reference = k;
  EXPECT_EQ(heed::attention(q, reference, v), want);
  const MatrixXf turned = v.transpose();
  EXPECT_EQ(heed::attention(q, k, turned.transpose()), want);
  MatrixXf wide = MatrixXf::Zero(9, 9);
  heed::attention(q, k, v, wide.block(2, 3, 5, 3));
  EXPECT_EQ(wide.block(2, 3, 5, 3), want);
  wide.block(2, 3, 5, 3).setZero();
  EXPECT_TRUE(wide.isZero(0)) << "something outside the block was written";
  EXPECT_TRUE(decltype(heed::attention(fixed, k, v))::IsRowMajor);
  EXPECT_EQ(bool(decltype(heed::attention(q, k, v))::IsRowMajor), bool(MatrixXf::IsRowMajor));
}

template <class Storage>
void stored_as(double unit_roundoff) {
  using matrix = heed::matrix<Storage>;
  const MatrixXf q = MatrixXf::Random(70, 16), k = MatrixXf::Random(90, 8),
                 v = MatrixXf::Random(90, 6);
  const matrix qs = q.cast<Storage>(), ks = k.cast<Storage>(), vs = v.cast<Storage>();
  MatrixXf lse(70, 2);
  const auto out =
      heed::attention(qs, ks, vs, heed::heads{2, 1}, heed::causal, heed::log_sum_exp(lse));
  const MatrixXd exact = heed::reference::attention(qs, ks, vs, heed::heads{2, 1}, heed::causal);
  // sums are formed in float; what is left is the rounding of the result, which lies in [-1, 1]
  EXPECT_LE((out.template cast<double>() - exact).cwiseAbs().maxCoeff(), unit_roundoff + 1e-5);
}
TEST(attention, half_and_bfloat16_are_stored_and_float_is_summed) {
  stored_as<Eigen::half>(0x1p-11);
  stored_as<Eigen::bfloat16>(0x1p-8);
}

TEST(attention, dropout_drops_the_share_it_is_told_and_keeps_the_mean) {
  const int keys = 4000;
  const MatrixXd q = MatrixXd::Zero(8, 1), k = MatrixXd::Zero(keys, 1), v = MatrixXd::Ones(keys, 1);
  const MatrixXd out = heed::attention(q, k, v, heed::dropout{.probability = 0.25, .seed = 3});
  for (int i = 0; i < 8; ++i)  // five deviations of a binomial share
    EXPECT_NEAR(out(i, 0), 1, 5 * std::sqrt(0.25 * 0.75 / keys) / 0.75);
  EXPECT_NE(out(0, 0), out(1, 0));
  EXPECT_EQ(heed::attention(q, k, v, heed::dropout{.probability = 0, .seed = 3}),
            MatrixXd::Ones(8, 1));
}

}  // namespace
