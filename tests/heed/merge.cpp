// SPDX-License-Identifier: MIT
// Keys held in several places: against attention over all of them at once, however they are split.
#include "support/guarded.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/attention.hpp>
#include <heed/merge.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using heed::index;
using support::same_bits;
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Storage>
struct partial : ::testing::Test {
  using Scalar = heed::accumulator_t<Storage>;
  using rows = heed::matrix<Storage>;
  using sums = heed::matrix<Scalar>;
  static constexpr heed::heads heads{4, 2};
  static constexpr index queries = 5, keys = 90, width = 6, value_width = 7;

  rows q = random(queries, heads.query*width), k = random(keys, heads.kv*width),
       v = random(keys, heads.kv*value_width);

  static rows random(index count, index cols) {
    return heed::matrix<float>::Random(count, cols).template cast<Storage>();
  }

  struct part {
    rows out = rows(queries, heads.query* value_width);
    sums lse = sums(queries, heads.query);
  };
  template <class... Modifiers>
  part of(index first, index end, const Modifiers&... modifiers) {
    part p;
    heed::attention(q, k.middleRows(first, end - first), v.middleRows(first, end - first), p.out,
                    heads, heed::log_sum_exp(p.lse), modifiers...);
    return p;
  }

  // Values are below 1, log-sum-exps below 8: a rounded one errs by 4 epsilon, the share that it
  // makes by as much, and three parts with a few roundings each by less than 32; results that are
  // stored smaller are rounded once in each part and once in the end.
  void expect_near(const part& got, const heed::matrix<double>& want,
                   const heed::matrix<double>& want_lse) {
    const double of_sums = 32.0 * double(std::numeric_limits<Scalar>::epsilon());
    const double of_storage = std::is_same_v<Storage, Scalar>
                                  ? 0
                                  : 2 * static_cast<double>(Eigen::NumTraits<Storage>::epsilon());
    for (index i = 0; i < queries; ++i) {
      for (index c = 0; c < want.cols(); ++c)
        EXPECT_NEAR(static_cast<double>(got.out(i, c)), want(i, c), of_sums + of_storage);
      for (index h = 0; h < heads.query; ++h)
        if (heed::detail::exactly_equal(want_lse(i, h), -infinity))
          EXPECT_EQ(got.lse(i, h), -infinity);
        else
          EXPECT_NEAR(static_cast<double>(got.lse(i, h)), want_lse(i, h), of_sums);
    }
  }
};
using storages = ::testing::Types<float, double, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(partial, storages);

TYPED_TEST(partial, parts_of_the_keys_make_the_whole) {
  using heed::partial;
  heed::matrix<double> lse(this->queries, 4);
  const heed::matrix<double> want =
      heed::reference::attention(this->q, this->k, this->v, this->heads, heed::log_sum_exp(lse));
  for (const index split : {0, 1, 30, 64, 89, 90}) {
    auto all = this->of(0, split);
    const auto rest = this->of(split, this->keys);
    heed::merge(partial(all.out, all.lse), partial(rest.out, rest.lse));
    this->expect_near(all, want, lse);
  }
  auto all = this->of(0, 10);
  const auto second = this->of(10, 75), third = this->of(75, 90);
  heed::merge(partial(all.out, all.lse), partial(second.out, second.lse),
              partial(third.out, third.lse));
  this->expect_near(all, want, lse);
}

// Tails stand behind what all share: rules that look at places are told where, and a sink is in one
// part alone.
TYPED_TEST(partial, with_rules) {
  const index shared = 85, first = shared;  // queries stand at 85 ... 89
  const std::vector<float> logits{1, -2, 0.5f, 3};
  const heed::sink sink(logits);
  heed::matrix<double> lse(this->queries, 4);
  const auto compare = [&](const auto&... rules) {
    const heed::matrix<double> want = heed::reference::attention(
        this->q, this->k, this->v, this->heads, heed::log_sum_exp(lse), sink, rules...);
    auto all = this->of(0, shared, heed::causal_from(first), sink, rules...);
    const auto tail = this->of(shared, this->keys, heed::causal, rules...);
    heed::merge(heed::partial(all.out, all.lse), heed::partial(tail.out, tail.lse));
    this->expect_near(all, want, lse);
  };
  compare(heed::causal);
  compare(heed::causal, heed::alibi());
  compare(heed::causal, heed::window{.left = 20}, heed::soft_cap(2));
}

TYPED_TEST(partial, where_one_saw_nothing_the_other_is_left_to_the_bit) {
  using heed::partial;
  const auto none = heed::where([](heed::at) { return false; });
  const auto some = this->of(0, 40), nothing = this->of(40, 90, none);
  auto left = some;
  heed::merge(partial(left.out, left.lse), partial(nothing.out, nothing.lse));
  EXPECT_TRUE(same_bits(left.out, some.out));
  EXPECT_TRUE(same_bits(left.lse, some.lse));
  auto right = nothing;
  heed::merge(partial(right.out, right.lse), partial(some.out, some.lse));
  EXPECT_TRUE(same_bits(right.out, some.out));
  EXPECT_TRUE(same_bits(right.lse, some.lse));
  auto neither = nothing;
  heed::merge(partial(neither.out, neither.lse), partial(nothing.out, nothing.lse));
  EXPECT_TRUE(same_bits(neither.out, nothing.out));
  EXPECT_TRUE(same_bits(neither.lse, nothing.lse));
}

TEST(partial_of_nothing, leaves_minus_zero_alone) {
  heed::matrix<float> rows(1, 2), sums(1, 1), others(1, 2), other_sums(1, 1);
  rows << -0.0f, 0.0f;
  sums(0, 0) = 1;
  others.setZero();
  other_sums(0, 0) = -std::numeric_limits<float>::infinity();
  heed::merge(heed::partial(rows, sums), heed::partial(others, other_sums));
  EXPECT_TRUE(std::signbit(rows(0, 0)));
  EXPECT_FALSE(std::signbit(rows(0, 1)));
}

TYPED_TEST(partial, shares_of_any_size) {
  using Number = typename TestFixture::Scalar;
  auto a = this->of(0, 40);
  const auto b = this->of(40, 90);
  auto big = a;
  big.lse.array() += Number(1e4);  // e^10000 times as much as the other, beyond any number
  const auto before = big;
  heed::merge(heed::partial(big.out, big.lse), heed::partial(b.out, b.lse));
  EXPECT_TRUE(same_bits(big.out, before.out));
  EXPECT_TRUE(same_bits(big.lse, before.lse));
  a.lse(2, 1) = std::numeric_limits<Number>::quiet_NaN();
  heed::merge(heed::partial(a.out, a.lse), heed::partial(b.out, b.lse));
  EXPECT_TRUE(std::isnan(a.lse(2, 1)));
  EXPECT_TRUE(std::isnan(static_cast<Number>(a.out(2, this->value_width))));
  EXPECT_FALSE(std::isnan(static_cast<Number>(a.out(2, 0))));
}

TYPED_TEST(partial, in_any_layout_with_guards_around) {
  using Storage = TypeParam;
  using Number = typename TestFixture::Scalar;
  using support::layout;
  const auto a = this->of(0, 40), b = this->of(40, 90);
  auto want = a;
  heed::merge(heed::partial(want.out, want.lse), heed::partial(b.out, b.lse));
  for (const layout order : {layout::row_major, layout::column_major, layout::strided})
    for (const layout other : {layout::row_major, layout::column_major, layout::strided}) {
      const auto copy = [&](const auto& m, auto guard, layout l) {
        support::guarded<typename std::remove_cvref_t<decltype(m)>::Scalar> g(m.rows(), m.cols(), l,
                                                                              guard);
        g.matrix() = m;
        return g;
      };
      auto written = copy(a.out, Storage(77), order), more = copy(b.out, Storage(77), other);
      auto written_sums = copy(a.lse, Number(77), other),
           more_sums = copy(b.lse, Number(77), order);
      auto rows_map = written.matrix();
      auto sums_map = written_sums.matrix();
      const auto more_map = more.matrix();
      const auto more_sums_map = more_sums.matrix();
      heed::merge(heed::partial(rows_map, sums_map), heed::partial(more_map, more_sums_map));
      EXPECT_TRUE(same_bits(typename TestFixture::rows(rows_map), want.out));
      EXPECT_TRUE(same_bits(typename TestFixture::sums(sums_map), want.lse));
      EXPECT_TRUE(written.intact() && written_sums.intact() && more.intact() && more_sums.intact());
    }
}

TEST(partial_sizes, that_do_not_fit_are_refused_in_words) {
  using heed::partial;
  using support::refusal;
  heed::matrix<float> rows = heed::matrix<float>::Ones(3, 8), other = rows, lse(3, 2),
                      other_lse(3, 2);
  lse.setZero(), other_lse.setZero();
  heed::matrix<float> short_rows(2, 8), narrow(3, 3), three(3, 3), short_lse(2, 2);
  EXPECT_EQ(refusal<heed::shape_error>(
                [&] { heed::merge(partial(rows, lse), partial(short_rows, other_lse)); }),
            "heed::merge: rows differ: 3x8 and 2x8");
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { heed::merge(partial(rows, lse), partial(other, three)); }),
      "heed::merge: log_sum_exp differ: 3x2 and 3x3");
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { heed::merge(partial(rows, three)); }),
      "heed::merge: rows are 3x8, log_sum_exp is 3x3; it must have as many rows, and a column "
      "a head");
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { heed::merge(partial(rows, short_lse)); }),
      "heed::merge: rows are 3x8, log_sum_exp is 2x2; it must have as many rows, and a column "
      "a head");
  EXPECT_EQ(refusal<heed::shape_error>(
                [&] { heed::merge(partial(rows, lse), partial(rows, other_lse)); }),
            "heed::merge: rows (3x8) overlaps rows of another part (3x8) in memory");
  EXPECT_EQ(refusal<heed::shape_error>([&] { heed::merge(partial(lse, lse)); }),
            "heed::merge: rows (3x2) overlaps log_sum_exp (3x2) in memory");
  EXPECT_EQ(rows, (heed::matrix<float>::Ones(3, 8)));
}

}  // namespace
