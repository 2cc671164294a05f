// SPDX-License-Identifier: MIT
// Finite input raises neither of the floating-point exceptions that mean a mistake, divide-by-zero and
// invalid: on any path, masked or not. Where the system can trap them, a program that does so lives on.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cfenv>
#include <vector>

namespace {

using heed::index;
using scalars = testing::Types<float, double, Eigen::half, Eigen::bfloat16>;

// Lets the two exceptions kill the program, where that can be had, and tells whether any was raised.
class trapped {
 public:
  trapped() {
    std::feclearexcept(mistakes);
#if defined(__GLIBC__)
    before_ = feenableexcept(mistakes);
#endif
  }
  ~trapped() {
#if defined(__GLIBC__)
    fedisableexcept(mistakes);
    if (before_ > 0) feenableexcept(before_);
#endif
    EXPECT_EQ(std::fetestexcept(mistakes) & FE_DIVBYZERO, 0);
    EXPECT_EQ(std::fetestexcept(mistakes) & FE_INVALID, 0);
  }
  trapped(const trapped&) = delete;
  trapped& operator=(const trapped&) = delete;

 private:
  static constexpr int mistakes = FE_DIVBYZERO | FE_INVALID;
  [[maybe_unused]] int before_ = 0;
};

template <class Scalar>
class attention_exceptions : public testing::Test {
 protected:
  using sum = heed::accumulator_t<Scalar>;
  template <class Number, int Order = Eigen::ColMajor>
  using rows = Eigen::Matrix<Number, Eigen::Dynamic, Eigen::Dynamic, Order>;

  template <class... Modifiers>
  void attend(index queries, index keys, const Modifiers&... modifiers) {
    attend<Eigen::ColMajor>(queries, keys, modifiers...);
    attend<Eigen::RowMajor>(queries, keys, modifiers...);
  }
  template <int Order, class... Modifiers>
  void attend(index queries, index keys, const Modifiers&... modifiers) {
    const auto numbers = [](index n, index cols) {
      return rows<Scalar, Order>(rows<float>::Random(n, cols).template cast<Scalar>());
    };
    const rows<Scalar, Order> q = numbers(queries, 12), k = numbers(keys, 6), v = numbers(keys, 10);
    rows<Scalar> out(queries, 20);
    rows<sum> lse(queries, 2), weights(2 * queries, keys), received(keys, 2);
    const heed::heads heads{.query = 2, .kv = 1};
    const trapped guard;
    heed::attention(q, k, v, out, heads, modifiers..., heed::log_sum_exp(lse));
    heed::attention(q, k, v, out, heads, modifiers..., heed::weights(weights),
                    heed::key_weights(received));
  }

  template <class... Modifiers>
  void attend_in_all_sizes(const Modifiers&... modifiers) {
    for (const index queries : {1, 3, 9, 33, 70})
      for (const index keys : {1, 16, 63, 100, 530}) attend(queries, keys, modifiers...);
  }
};
TYPED_TEST_SUITE(attention_exceptions, scalars);

TYPED_TEST(attention_exceptions, none_without_rules) { this->attend_in_all_sizes(); }

TYPED_TEST(attention_exceptions, none_where_rows_see_nothing) {
  this->attend_in_all_sizes(heed::where([](heed::at) { return false; }));
  this->attend_in_all_sizes(heed::where([](heed::at i) { return i.row % 2 == 0; }));
  this->attend_in_all_sizes(heed::causal_from(-2));
  this->attend(3, 0);
  this->attend(0, 3);
}

TYPED_TEST(attention_exceptions, none_beside_masks_and_rules) {
  this->attend_in_all_sizes(heed::causal);
  this->attend_in_all_sizes(heed::causal && heed::window{.left = 20}, heed::soft_cap(5));
  this->attend_in_all_sizes(heed::where([](heed::at i) { return i.key % 3 == 0; }), heed::alibi(),
                            heed::scale(20));
  const std::vector<double> sinks{0.5, -3};
  this->attend_in_all_sizes(heed::sink(sinks), heed::dropout{.probability = 0.2, .seed = 1});
  this->attend_in_all_sizes(heed::score([](auto s, heed::at) { return s * 1000; }));
}

// -infinity is a number of a bias that means something, and no mistake either.
TYPED_TEST(attention_exceptions, none_for_a_bias_of_minus_infinity) {
  for (const index queries : {1, 3, 70}) {
    Eigen::MatrixXf added = Eigen::MatrixXf::Zero(queries, 100);
    added.leftCols(40).setConstant(-std::numeric_limits<float>::infinity());
    added.row(0).setConstant(-std::numeric_limits<float>::infinity());
    this->attend(queries, 100, heed::bias(added), heed::soft_cap(2));
  }
}

TEST(attention_exceptions_of_floats, none_for_sums_that_overflow) {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Zero(3, 2), k = Eigen::MatrixXf::Zero(100, 2);
  Eigen::MatrixXf v = Eigen::MatrixXf::Constant(100, 16, 3e38f), out(3, 16);
  v.rightCols(8) *= -1;
  const trapped guard;
  heed::attention(q, k, v, out);
}

TEST(attention_exceptions_of_floats, none_in_caches_layers_and_parts) {
  heed::kv_cache<float> cache({.capacity = 200, .heads = 1, .width = 8});
  const heed::matrix<float> x = heed::matrix<float>::Random(70, 8);
  heed::matrix<float> y(70, 8), one(1, 8), lse = heed::matrix<float>::Zero(1, 1), other = lse;
  heed::multi_head_attention<float> layer({.model = 8, .heads = 2});
  const trapped guard;
  cache.append(x, x);
  heed::attention(x.topRows(1), cache.keys(), cache.values(), one, heed::causal,
                  heed::log_sum_exp(lse));
  layer(x, y, heed::causal);
  heed::matrix<float> part = one;
  other(0, 0) = -std::numeric_limits<float>::infinity();
  heed::merge(heed::partial(one, lse), heed::partial(part, other));
}

}  // namespace
