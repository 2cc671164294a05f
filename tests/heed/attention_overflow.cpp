// SPDX-License-Identifier: MIT
// A weighted mean lies between its values, though the sum of the weighted values may be beyond the
// largest number: on every path, and without touching the bits of any other row.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/same_bits.hpp"

namespace {

using heed::index;
template <class Scalar>
using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

template <class Scalar>
Scalar largest() {
  return (std::numeric_limits<Scalar>::max)();
}

// Equal scores, so that a row is the mean of the values.
template <class Query, class Stored>
void expect_mean(index queries, index keys, double value, double tolerance) {
  const matrix<Query> q = matrix<Query>::Zero(queries, 6);
  const matrix<Stored> k = matrix<Stored>::Zero(keys, 3);
  matrix<Stored> v(keys, 2);
  for (index j = 0; j < keys; ++j) {
    v(j, 0) = static_cast<Stored>(value);
    v(j, 1) = static_cast<Stored>(-value);
  }
  const double stored = static_cast<double>(v(0, 0));
  matrix<Query> out(queries, 4);
  heed::attention(q, k, v, out, heed::heads{.query = 2, .kv = 1});
  for (index i = 0; i < queries; ++i)
    for (index j = 0; j < 4; ++j) {
      const double expected = j % 2 == 0 ? stored : -stored;
      EXPECT_LE(std::abs(static_cast<double>(out(i, j)) / expected - 1), tolerance)
          << queries << " queries, " << keys << " keys of " << expected << ": " << out(i, j);
    }
}

TEST(attention_overflow, a_mean_lies_between_its_values) {
  for (const index queries : {1, 3, 20, 70})
    for (const index keys : {2, 3, 64, 100, 600, 1300}) {
      expect_mean<float, float>(queries, keys, 1.5e38, 1e-5);
      expect_mean<float, float>(queries, keys, 1e36, 1e-5);
      expect_mean<float, float>(queries, keys, static_cast<double>(largest<float>()), 1e-5);
      expect_mean<double, double>(queries, keys, 1e308, 1e-13);
      expect_mean<double, double>(queries, keys, largest<double>(), 1e-13);
      expect_mean<Eigen::bfloat16, Eigen::bfloat16>(queries, keys, 1.5e38, 1e-2);
      expect_mean<float, Eigen::bfloat16>(queries, keys, 3e38, 1e-5);
      expect_mean<Eigen::half, Eigen::half>(queries, keys, 65504, 1e-3);
    }
}

TEST(attention_overflow, the_reference_does_so_too) {
  for (index keys = 2; keys < 40; ++keys) {
    const matrix<double> q = matrix<double>::Zero(1, 1), k = matrix<double>::Zero(keys, 1);
    const matrix<double> v = matrix<double>::Constant(keys, 1, -largest<double>());
    const double mean = heed::reference::attention(q, k, v)(0, 0);
    EXPECT_TRUE(std::isfinite(mean)) << keys;
    EXPECT_NEAR(mean / largest<double>(), -1, 1e-14);
  }
}

// 3 sums to 4.5e38; beside the mean of 2e38 and -2e38, which is 0, and one that a sink halves.
TEST(attention_overflow, values_of_either_sign_and_a_sink) {
  const matrix<float> q = matrix<float>::Zero(2, 1), k = matrix<float>::Zero(4, 1);
  matrix<float> v(4, 2);
  v << 2e38f, 3e38f, -2e38f, 3e38f, 2e38f, 3e38f, -2e38f, 3e38f;
  const matrix<float> out = heed::attention(q, k, v);
  EXPECT_LE(std::abs(out(0, 0)), 1e32f);
  EXPECT_FLOAT_EQ(out(1, 1), 3e38f);
  const std::vector<double> logit{std::log(4.0)};
  EXPECT_NEAR(heed::attention(q, k, v, heed::sink(logit))(0, 1) / 1.5e38f, 1, 1e-5);
}

// Keys 0 - 2 are one document and overflow; keys 3 - 5 are another.
TEST(attention_overflow, leaves_other_rows_and_log_sum_exp_to_the_bit) {
  for (const index copies : {1, 30, 200}) {
    const index n = 6 * copies;
    matrix<float> q = matrix<float>::Random(n, 4), k = matrix<float>::Random(n, 4);
    matrix<float> v = matrix<float>::Random(n, 5), huge = v;
    std::vector<int> ids(static_cast<std::size_t>(n), 0);
    for (index i = n / 2; i < n; ++i) ids[static_cast<std::size_t>(i)] = 1;
    huge.topRows(n / 2).setConstant(2e38f);
    matrix<float> lse(n, 1), lse_of_huge(n, 1), out(n, 5), out_of_huge(n, 5);
    heed::attention(q, k, v, out, heed::documents(ids), heed::log_sum_exp(lse));
    heed::attention(q, k, huge, out_of_huge, heed::documents(ids), heed::log_sum_exp(lse_of_huge));
    EXPECT_TRUE(support::same_bits(lse, lse_of_huge));
    EXPECT_TRUE(support::same_bits(out.bottomRows(n / 2), out_of_huge.bottomRows(n / 2)));
    EXPECT_NEAR(out_of_huge.topRows(n / 2).minCoeff() / 2e38f, 1, 1e-5);
    EXPECT_NEAR(out_of_huge.topRows(n / 2).maxCoeff() / 2e38f, 1, 1e-5);
  }
}

TEST(attention_overflow, has_the_same_bits_on_every_path) {
  const index n = 150;
  const matrix<float> q = matrix<float>::Random(n, 8), k = matrix<float>::Random(n, 8);
  const matrix<float> v = matrix<float>::Random(n, 8) * largest<float>();
  const matrix<float> all = heed::attention(q, k, v, heed::causal);
  EXPECT_TRUE(all.allFinite());
  for (index i = 0; i < n; ++i) {
    const matrix<float> one =
        heed::attention(q.middleRows(i, 1), k.topRows(i + 1), v.topRows(i + 1), heed::causal);
    EXPECT_TRUE(support::same_bits(one, matrix<float>(all.row(i)))) << i;
  }
  const Eigen::MatrixXd exact = heed::reference::attention(q, k, v, heed::causal);
  EXPECT_LE((all.cast<double>() - exact).cwiseAbs().maxCoeff() / double(largest<float>()), 1e-5);
}

TEST(attention_overflow, what_is_not_finite_comes_through) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const matrix<float> q = matrix<float>::Zero(1, 1), k = matrix<float>::Zero(3, 1);
  matrix<float> v(3, 3);
  v << 3e38f, infinity, 1, 3e38f, 1, infinity, 3e38f, 1, -infinity;
  const matrix<float> out = heed::attention(q, k, v);
  EXPECT_FLOAT_EQ(out(0, 0), 3e38f);
  EXPECT_EQ(out(0, 1), infinity);
  EXPECT_TRUE(std::isnan(out(0, 2)));
}

// 299 values of 3e38 overflow to one side, and the one that is -infinity counts.
TEST(attention_overflow, an_infinite_value_among_large_ones_comes_through) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const index queries : {1, 40}) {
    const matrix<float> q = matrix<float>::Zero(queries, 1), k = matrix<float>::Zero(300, 1);
    matrix<float> v = matrix<float>::Constant(300, 1, 3e38f);
    v(299, 0) = -infinity;
    EXPECT_EQ(heed::attention(q, k, v)(queries - 1, 0), -infinity);
  }
}

// 127 times a scale of 1000 is beyond half's range, whatever is mended beside it.
TEST(attention_overflow, what_half_cannot_hold_is_infinite) {
  const Eigen::Matrix<Eigen::half, 2, 1> q = Eigen::Matrix<Eigen::half, 2, 1>::Zero();
  const heed::matrix<std::int8_t> numbers = heed::matrix<std::int8_t>::Constant(40, 2, 127);
  heed::matrix<float> ones = heed::matrix<float>::Ones(40, 1), scales = ones * 1000;
  scales(39, 0) = 1e36f;
  const heed::quantised k(numbers.leftCols(1), ones), v(numbers.leftCols(1), scales);
  Eigen::Matrix<Eigen::half, 2, 1> out;
  heed::attention(q, k, v, out);
  EXPECT_TRUE(std::isinf(static_cast<float>(out(0, 0)))) << static_cast<float>(out(0, 0));
}

// Survivors are divided by 1 - p: with 9 of 10 dropped, those of 1e38 are infinite, and of 1e37 not.
TEST(attention_overflow, dropout_raises_survivors) {
  const matrix<float> q = matrix<float>::Zero(50, 1), k = matrix<float>::Zero(1, 1);
  const heed::dropout drop{.probability = 0.9, .seed = 3};
  const matrix<float> fits = matrix<float>::Constant(1, 1, 1e37f), does_not = fits * 10;
  const matrix<float> small = heed::attention(q, k, fits, drop);
  const matrix<float> large = heed::attention(q, k, does_not, drop);
  for (index i = 0; i < 50; ++i)
    EXPECT_TRUE(small(i, 0) <= 0
                    ? large(i, 0) <= 0
                    : std::abs(small(i, 0) / 1e38f - 1) < 1e-5f && std::isinf(large(i, 0)));
}

TEST(attention_overflow, merged_parts_lie_between_their_rows) {
  for (int parts = 2; parts < 4; ++parts) {
    matrix<float> a = matrix<float>::Constant(1, 1, largest<float>()), b = a, c = a;
    matrix<float> la = matrix<float>::Constant(1, 1, 0.1f), lb = la, lc = la;
    if (parts == 2)
      heed::merge(heed::partial(a, la), heed::partial(b, lb));
    else
      heed::merge(heed::partial(a, la), heed::partial(b, lb), heed::partial(c, lc));
    EXPECT_NEAR(a(0, 0) / largest<float>(), 1, 1e-6) << parts;
  }
}

}  // namespace
