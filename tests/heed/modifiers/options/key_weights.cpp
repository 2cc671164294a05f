// SPDX-License-Identifier: MIT
// The probability that each key received: against the textbook for every kind of rule, number and
// layout, the same bits on any number of threads, and nothing written beside.
#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using heed::index;
using support::layout;
using support::on_threads;
using support::same_bits;

template <class Storage>
struct key_weights : ::testing::Test {
  using Scalar = heed::accumulator_t<Storage>;
  using rows = heed::matrix<Storage>;
  static constexpr index width = 9, value_width = 5;

  static rows random(index count, index cols) {
    return heed::matrix<float>::Random(count, cols).template cast<Storage>();
  }

  // A score is `width` roundings of numbers below `width`, a log-sum-exp one of its size; a sum is 64
  // terms, and the sums of so many rows.
  static void expect_near(const heed::matrix<Scalar>& got, const heed::matrix<double>& want,
                          index queries) {
    const double bound = double(std::numeric_limits<Scalar>::epsilon()) *
                         static_cast<double>(width * width + 16 + 64 + queries / 64);
    for (index i = 0; i < want.rows(); ++i)
      for (index h = 0; h < want.cols(); ++h)
        ASSERT_NEAR(static_cast<double>(got(i, h)), want(i, h), bound * (want(i, h) + 1e-9))
            << i << " " << h;
  }

  template <class... Modifiers>
  static void compare(const heed::heads& heads, index queries, index keys,
                      const Modifiers&... modifiers) {
    SCOPED_TRACE(::testing::Message() << queries << " queries, " << keys << " keys, " << heads.query
                                      << " over " << heads.kv);
    const rows q = random(queries, heads.query * width), k = random(keys, heads.kv * width),
               v = random(keys, heads.kv * value_width);
    heed::matrix<double> want(keys, heads.query);
    (void)heed::reference::attention(q, k, v, heads, modifiers..., heed::key_weights(want));
    rows plain(queries, heads.query * value_width), out(plain);
    heed::matrix<Scalar> got = heed::matrix<Scalar>::Constant(keys, heads.query, 7), other(got);
    heed::attention(q, k, v, plain, heads, modifiers...);
    heed::attention(q, k, v, out, heads, modifiers..., heed::key_weights(got));
    expect_near(got, want, queries);
    EXPECT_TRUE(same_bits(out, plain));
    for (const index workers : {2, 3, 8}) {
      heed::attention(q, k, v, out, heads, modifiers..., heed::key_weights(other),
                      heed::on(on_threads, workers));
      EXPECT_TRUE(same_bits(other, got)) << workers;
      EXPECT_TRUE(same_bits(out, plain)) << workers;
    }
  }

  template <class... Modifiers>
  static void for_each_size(const Modifiers&... modifiers) {
    for (const index queries : {0, 1, 2, 17, 65, 130})
      for (const index keys : {0, 1, 63, 64, 65, 130}) {
        compare({1, 1}, queries, keys, modifiers...);
        compare({4, 2}, queries, keys, modifiers...);
      }
  }
};
using storages = ::testing::Types<float, double, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(key_weights, storages);

TYPED_TEST(key_weights, are_the_column_sums_of_the_probabilities) {
  const std::vector<float> logits{1, -2, 0.5f, 3};
  this->for_each_size();
  this->for_each_size(heed::causal);
  this->for_each_size(heed::causal, heed::window{.left = 20});
  this->for_each_size(heed::where([](heed::at i) { return (i.key * 7 + i.head) % 5 != 0; }));
  this->for_each_size(heed::causal, heed::alibi(), heed::soft_cap(2));
  this->for_each_size(heed::causal, heed::dropout{.probability = 0.3, .seed = 9});
  this->compare({4, 2}, 150, 500, heed::causal);  // enough for threads
  this->compare({4, 2}, 70, 90, heed::sink(logits));
  this->compare({4, 2}, 1, 90, heed::sink(logits), heed::where([](heed::at) { return false; }));
}

TYPED_TEST(key_weights, of_sequences_in_one_call) {
  using Number = typename TestFixture::Scalar;
  const std::vector<index> queries{0, 1, 1, 71, 73}, keys{0, 60, 70, 170, 200}, held{55, 10, 80, 0};
  const auto q = this->random(73, 36), k = this->random(200, 18), v = this->random(200, 10);
  const heed::packed batch(queries, keys, held);
  heed::matrix<double> want(200, 4);
  (void)heed::reference::attention(q, k, v, heed::heads{4, 2}, batch, heed::causal,
                                   heed::key_weights(want));
  heed::matrix<Number> got = heed::matrix<Number>::Constant(200, 4, 7);
  (void)heed::attention(q, k, v, heed::heads{4, 2}, batch, heed::causal, heed::key_weights(got));
  this->expect_near(got, want, 73);
  EXPECT_TRUE(got.middleRows(55, 5).isZero(0));  // room without keys
}

TYPED_TEST(key_weights, in_any_layout_with_guards_around) {
  using Storage = TypeParam;
  using Number = typename TestFixture::Scalar;
  const heed::heads heads{4, 2};
  const auto q = this->random(70, 36), k = this->random(90, 18), v = this->random(90, 10);
  heed::matrix<Number> want(90, 4), lse(70, 4);
  (void)heed::attention(q, k, v, heads, heed::causal, heed::key_weights(want));
  for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
    support::guarded<Storage> q_of(70, 36, order, Storage(50)), k_of(90, 18, order, Storage(50)),
        v_of(90, 10, order, Storage(50)), out(70, 20, order, Storage(50));
    q_of.matrix() = q, k_of.matrix() = k, v_of.matrix() = v;
    support::guarded<Number> got(90, 4, order, Number(50));
    heed::attention(q_of.matrix(), k_of.matrix(), v_of.matrix(), out.matrix(), heads, heed::causal,
                    heed::key_weights(got.matrix()), heed::log_sum_exp(lse));
    EXPECT_TRUE(same_bits(heed::matrix<Number>(got.matrix()), want));
    EXPECT_TRUE(got.intact() && out.intact());
  }
}

// A row without a number has none for the keys that it sees, and nothing for the others, wherever
// they lie.
TEST(key_weights_of_a_call, beside_rows_that_are_not_numbers) {
  Eigen::MatrixXf x = Eigen::MatrixXf::Ones(3, 4), received(3, 1);
  Eigen::MatrixXd want(3, 1);
  x(1, 0) = std::numeric_limits<float>::quiet_NaN();
  const Eigen::MatrixXf k = Eigen::MatrixXf::Ones(3, 4);
  (void)heed::attention(x, k, k, heed::causal, heed::key_weights(received));
  (void)heed::reference::attention(x, k, k, heed::causal, heed::key_weights(want));
  for (index j = 0; j < 3; ++j) {
    EXPECT_EQ(std::isnan(received(j, 0)), std::isnan(want(j, 0))) << j;
    EXPECT_EQ(std::isnan(received(j, 0)), j < 2) << j;
  }
  EXPECT_NEAR(received(2, 0), want(2, 0), 1e-6);
}

// Where a rounded log-sum-exp lies far below a score, what is received is still a probability.
TEST(key_weights_of_a_call, of_large_scores_are_probabilities) {
  const float numbers[][2] = {{1.43452e9f, 1.728f}, {3.14517e18f, 1.503f}, {1.46511e21f, 1.759f}};
  for (const auto& [a, b] : numbers) {
    const Eigen::MatrixXf q = Eigen::MatrixXf::Constant(1, 1, a),
                          k = Eigen::MatrixXf::Constant(1, 1, b);
    Eigen::MatrixXf received(1, 1);
    (void)heed::attention(q, k, k, heed::key_weights(received));
    EXPECT_GE(received(0, 0), 0) << a;
    EXPECT_LE(received(0, 0), 1) << a;
  }
}

TEST(key_weights_of_a_call, add_up_to_its_rows) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(200, 16);
  Eigen::MatrixXf received(200, 2), out(200, 16);
  heed::attention(x, x, x, out, heed::heads{2}, heed::causal, heed::key_weights(received));
  EXPECT_NEAR(received.col(0).sum(), 200, 1e-3);
  EXPECT_NEAR(received.col(1).sum(), 200, 1e-3);
  EXPECT_GT(received(0, 0), received(199, 0));  // the first key is seen by all
}

TEST(key_weights_of_a_call, of_matrices_of_fixed_size) {
  const Eigen::Matrix<float, 8, 16> x = Eigen::Matrix<float, 8, 16>::Random();
  Eigen::Matrix<float, 8, 16> out, plain;
  Eigen::Matrix<float, 8, 4> received;
  const Eigen::MatrixXf same = x;
  Eigen::MatrixXf want(8, 4);
  heed::attention(x, x, x, out, heed::heads{4}, heed::key_weights(received));
  heed::attention(x, x, x, plain, heed::heads{4});
  (void)heed::attention(same, same, same, heed::heads{4}, heed::key_weights(want));
  EXPECT_TRUE(same_bits(out, plain));
  EXPECT_TRUE(same_bits(received, want));
}

TEST(key_weights_of_a_call, that_do_not_fit_are_refused) {
  using support::refusal;
  Eigen::MatrixXf q = Eigen::MatrixXf::Random(5, 8), k = Eigen::MatrixXf::Random(6, 8), none,
                  all(6, 16), out(5, 8);
  EXPECT_EQ(refusal([&] { heed::attention(q, k, k, out, heed::key_weights(none)); }),
            "heed::attention: key_weights is 0x0, but it must be 6x1");
  EXPECT_EQ(refusal([&] { heed::attention(q, k, k, out, heed::key_weights(k.col(0))); }),
            "heed::attention: key_weights (6x1) overlaps k (6x8) in memory");
  auto out_in_all = all.block(0, 0, 5, 8);
  EXPECT_EQ(refusal([&] { heed::attention(q, k, k, out_in_all, heed::key_weights(all.col(3))); }),
            "heed::attention: key_weights (6x1) overlaps out (5x8) in memory");
}

}  // namespace
