// SPDX-License-Identifier: MIT
// A block of queries: its two products, and values that are not finite.
#include <heed/kernel/prefill/query_block.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace {

using heed::index;

template <class Scalar>
struct query_block : ::testing::Test {
  static constexpr index lanes = heed::detail::queries_per_block<Scalar>, keys = 13, width = 5,
                         value_width = 7;
  static constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  static constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();

  std::vector<Scalar> queries = ramp(width * lanes, 7), keys_of = ramp(keys * width, 5),
                      values = ramp(value_width * heed::keys_per_tile, 3),
                      scores = ramp(keys * lanes, 11), origin = ramp(lanes, 0),
                      sum = ramp(lanes, 0), factor = ramp(lanes, 4),
                      rows = ramp(value_width * lanes, 2), total_origin = ramp(lanes, 0),
                      total_sum = ramp(lanes, 0), total_rows = ramp(value_width * lanes, 0);
  heed::detail::query_block<Scalar> block{
      0,
      lanes,
      {},
      queries.data(),
      {origin.data(), sum.data(), factor.data(), rows.data(), heed::detail::packets_per_block,
       value_width},
      {total_origin.data(), total_sum.data(), factor.data(), total_rows.data(),
       heed::detail::packets_per_block, value_width}};

  // Small integers: every sum is exact.
  static std::vector<Scalar> ramp(index size, int step) {
    std::vector<Scalar> v(static_cast<std::size_t>(size));
    int n = 0;
    for (Scalar& x : v) x = Scalar((n += step) % 9 - 4 * (step != 0));
    return v;
  }
  Scalar& score(index key, index lane) { return scores[std::size_t(key * lanes + lane)]; }
  Scalar& value(index key, index f) { return values[std::size_t(f * heed::keys_per_tile + key)]; }
  heed::detail::view<const Scalar> key_rows() const {
    return {keys_of.data(), keys, width, width, 1};
  }
  heed::detail::view<const Scalar> value_rows() const {
    return {values.data(), keys, value_width, 1, heed::keys_per_tile};
  }
  Scalar row(index f, index lane) const { return rows[std::size_t(f * lanes + lane)]; }
};
using scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(query_block, scalars);

TYPED_TEST(query_block, multiplies_keys_with_queries) {
  this->block.multiply(this->scores.data(), this->key_rows());
  for (index j = 0; j < this->keys; ++j)
    for (index l = 0; l < this->lanes; ++l) {
      TypeParam want = 0;
      for (index f = 0; f < this->width; ++f)
        want += this->keys_of[std::size_t(j * this->width + f)] *
                this->queries[std::size_t(f * this->lanes + l)];
      ASSERT_EQ(this->score(j, l), want);
    }
}

TYPED_TEST(query_block, accumulates_weighted_values) {
  for (int times = 1; times <= 2; ++times) {
    const auto before = this->rows;
    this->block.accumulate(this->scores.data(), this->value_rows());
    for (index f = 0; f < this->value_width; ++f)
      for (index l = 0; l < this->lanes; ++l) {
        TypeParam want = 0;  // the first tile of a chunk takes no notice of what was there
        if (times == 2)
          want = this->factor[std::size_t(l)] * before[std::size_t(f * this->lanes + l)];
        for (index j = 0; j < this->keys; ++j) want += this->score(j, l) * this->value(j, f);
        ASSERT_EQ(this->row(f, l), want);
      }
  }
}

TYPED_TEST(query_block, reads_values_where_they_lie) {
  this->block.accumulate(this->scores.data(), this->value_rows());
  const auto want = this->rows;
  const heed::matrix<TypeParam> straight =
      Eigen::Map<const heed::matrix<TypeParam>, 0, Eigen::OuterStride<>>(
          this->values.data(), this->value_width, this->keys,
          Eigen::OuterStride<>(heed::keys_per_tile))
          .transpose();
  this->block.has_chunk = false;
  this->block.accumulate_in_place(
      this->scores.data(), heed::detail::view<const TypeParam>(heed::detail::view_of(straight)));
  EXPECT_EQ(this->rows, want);
}

TYPED_TEST(query_block, adds_chunks_up) {
  auto& b = this->block;
  const auto tile = [&] {
    std::fill(this->scores.begin(), this->scores.end(), TypeParam(0));
    b.chunk.update(this->scores.data(), this->keys);
    b.accumulate(this->scores.data(), this->value_rows());
  };
  b.chunk.reset();
  b.close_chunk();  // nothing has been seen: there is nothing to close
  EXPECT_FALSE(b.has_total);
  for (int chunk = 0; chunk < 3; ++chunk) {
    b.close_chunk();
    tile();
    tile();
  }
  b.finish();
  for (index f = 0; f < this->value_width; ++f) {
    TypeParam want = 0;
    for (index j = 0; j < this->keys; ++j) want += this->value(j, f);
    for (index l = 0; l < this->lanes; ++l)  // all keys weigh the same
      ASSERT_NEAR(b.gathered().acc[f * this->lanes + l], want / TypeParam(this->keys),
                  4 * std::numeric_limits<TypeParam>::epsilon());
  }
  EXPECT_NEAR(b.gathered().log_sum_exp(0), std::log(6 * this->keys),
              4 * std::numeric_limits<TypeParam>::epsilon());
}

TYPED_TEST(query_block, of_nothing_is_0) {
  this->block.chunk.reset();
  this->block.finish();
  for (const TypeParam x : this->rows) EXPECT_EQ(x, 0);
}

// With exclusions: what a lane does not see is not multiplied into it, and the rest has the bits
// that it has without.
TYPED_TEST(query_block, what_is_excluded_is_not_read) {
  using Scalar = TypeParam;
  const index n = this->keys;
  const auto room = std::make_unique<bool[]>(std::size_t(n * this->lanes));
  const heed::detail::excluded_pairs excluded{room.get(), 1, this->lanes};
  Scalar* const weights = this->scores.data();
  const heed::detail::view<const Scalar> rows_of_values = this->value_rows();
  const auto hidden = [](index key, index lane) { return (key + lane) % 3 == 0; };
  const auto begin_again = [&] {
    std::fill(this->rows.begin(), this->rows.end(), Scalar(1));
    this->block.has_chunk = true;
  };
  for (index j = 0; j < n; ++j)
    for (index l = 0; l < this->lanes; ++l)
      if (hidden(j, l)) this->score(j, l) = -this->infinity;
  excluded.note(weights, this->lanes, n);
  for (index j = 0; j < n; ++j)
    for (index l = 0; l < this->lanes; ++l)
      this->score(j, l) = hidden(j, l) ? Scalar(0) : Scalar(std::sin(double(j * 5 + l)));

  // nothing is infinite or NaN yet
  begin_again();
  this->block.accumulate(weights, rows_of_values);
  const auto want = this->rows;
  begin_again();
  this->block.accumulate_seen(weights, rows_of_values, excluded);
  ASSERT_EQ(this->rows, want);

  this->value(4, 2) = this->nan;
  this->value(5, 6) = this->infinity;
  begin_again();
  this->block.accumulate_seen(weights, rows_of_values, excluded);
  for (index l = 0; l < this->lanes; ++l)
    for (index f = 0; f < this->value_width; ++f) {
      const Scalar got = this->row(f, l);
      if (f == 2 && !hidden(4, l)) {
        EXPECT_TRUE(std::isnan(got));
      } else if (f == 6 && !hidden(5, l)) {
        EXPECT_TRUE(std::isinf(got));
      } else {
        EXPECT_EQ(got, want[std::size_t(f * this->lanes + l)]) << f << " " << l;
      }
    }
}

}  // namespace
