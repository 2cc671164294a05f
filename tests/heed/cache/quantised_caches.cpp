// SPDX-License-Identifier: MIT
// Caches of 8-bit integers: what they hold is what heed::quantise makes of what is appended.
#include "support/allocations.hpp"
#include "support/guarded.hpp"
#include "support/refusal.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::guarded;
using support::layout;
using support::refusal;

// Rows that were quantised beside any cache.
struct quantised_rows {
  matrix<std::int8_t> numbers;
  matrix<float> scales;

  quantised_rows(const matrix<float>& x, index heads)
      : numbers(x.rows(), x.cols()), scales(x.rows(), heads) {
    heed::quantise(x, numbers, scales);
  }
  heed::quantised rows(index first, index count) const {
    return {numbers.middleRows(first, count), scales.middleRows(first, count)};
  }
};

::testing::AssertionResult same(const heed::quantised& a, const heed::quantised& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols() || a.scales.cols != b.scales.cols)
    return ::testing::AssertionFailure() << "sizes differ";
  for (index i = 0; i < a.rows(); ++i) {
    for (index j = 0; j < a.cols(); ++j)
      if (a.numbers(i, j) != b.numbers(i, j))
        return ::testing::AssertionFailure() << "numbers differ at " << i << ", " << j;
    for (index h = 0; h < a.scales.cols; ++h)
      if (!heed::detail::exactly_equal(a.scales(i, h), b.scales(i, h)))
        return ::testing::AssertionFailure() << "scales differ at " << i << ", " << h;
  }
  return ::testing::AssertionSuccess();
}

struct quantised_caches : ::testing::Test {
  static constexpr index tokens = 20;
  const matrix<float> k = matrix<float>::Random(tokens, 2 * 5),
                      v = matrix<float>::Random(tokens, 2 * 3);
  const quantised_rows want_k{k, 2}, want_v{v, 2};
};

TEST_F(quantised_caches, hold_what_is_appended_in_any_layout) {
  for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
    guarded<float> keys(tokens, 10, order, 7), values(tokens, 6, order, 8);
    keys.matrix() = k;
    values.matrix() = v;
    heed::kv_cache<std::int8_t> cache(
        {.capacity = tokens, .heads = 2, .width = 5, .value_width = 3});
    cache.append(keys.matrix().topRows(7), values.matrix().topRows(7));
    cache.append(keys.matrix().bottomRows(13), values.matrix().bottomRows(13));
    EXPECT_TRUE(same(cache.keys(), want_k.rows(0, tokens)));
    EXPECT_TRUE(same(cache.values(), want_v.rows(0, tokens)));
  }
}

TEST_F(quantised_caches, take_rows_of_another_and_of_their_own_without_loss) {
  heed::kv_cache<std::int8_t> cache({.capacity = 60, .heads = 2, .width = 5, .value_width = 3}),
      other = cache.branch();
  cache.append(k, v);
  other.append(cache.keys(), cache.values());
  other.append(other.keys(), other.values());
  EXPECT_TRUE(same(other.keys(), quantised_rows(k.replicate(2, 1), 2).rows(0, 40)));
  EXPECT_TRUE(same(other.values(), quantised_rows(v.replicate(2, 1), 2).rows(0, 40)));

  const heed::kv_cache<std::int8_t> begun = other.branch(7, 9);
  EXPECT_TRUE(same(begun.keys(), want_k.rows(0, 7)));
  EXPECT_TRUE(same(begun.values(), want_v.rows(0, 7)));
}

TEST_F(quantised_caches, of_several_sequences) {
  heed::kv_caches<std::int8_t> caches(
      {.sequences = 3, .capacity = 12, .heads = 2, .width = 5, .value_width = 3});
  caches.append(std::vector<index>{0, 3, 3, 10}, k.topRows(10), v.topRows(10));
  caches.append(2, k.middleRows(10, 2), v.middleRows(10, 2));
  caches.branch(2, 1, 4);
  caches.append(1, caches.keys(0), caches.values(0));
  EXPECT_TRUE(same(caches.keys(0), want_k.rows(0, 3)));
  EXPECT_TRUE(same(caches.keys(2), want_k.rows(3, 9)));
  EXPECT_EQ(caches.size(1), 7);
  const heed::quantised one = caches.values(1);
  EXPECT_TRUE(
      same({one.numbers.block(0, 0, 4, 6), one.scales.block(0, 0, 4, 2)}, want_v.rows(3, 4)));
  EXPECT_TRUE(
      same({one.numbers.block(4, 0, 3, 6), one.scales.block(4, 0, 3, 2)}, want_v.rows(0, 3)));

  const matrix<float> q = matrix<float>::Random(3, 4 * 5);
  const std::vector<index> starts{0, 1, 2, 3};
  const matrix<float> together =
      heed::attention(q, caches.keys(), caches.values(), heed::heads{4, 2}, caches.batch(starts));
  for (index s = 0; s < 3; ++s)
    EXPECT_EQ(together.row(s), heed::attention(q.middleRows(s, 1), caches.keys(s), caches.values(s),
                                               heed::heads{4, 2}));
}

TEST_F(quantised_caches, that_roll) {
  heed::rolling_cache<std::int8_t> cache(
      {.window = 4, .sinks = 2, .heads = 2, .width = 5, .value_width = 3});
  for (index i = 0; i < tokens; ++i) {
    cache.append(k.middleRows(i, 1), v.middleRows(i, 1));
    const heed::rolling_cache<std::int8_t> copy = cache;
    const heed::quantised keys = copy.keys(), values = cache.values();
    ASSERT_EQ(keys.rows(), std::min<index>(i + 1, 6));
    for (index row = 0; row < keys.rows(); ++row) {
      const index from = cache.positions()[row];
      ASSERT_TRUE(same(heed::detail::some_rows(keys, row, 1), want_k.rows(from, 1)))
          << i << " " << row;
      ASSERT_TRUE(same(heed::detail::some_rows(values, row, 1), want_v.rows(from, 1)))
          << i << " " << row;
    }
  }
  EXPECT_EQ(refusal([&] { cache.append(cache.keys(), cache.values()); }),
            "heed::rolling_cache: k (6x10) or v (6x6) overlaps the cache's own rows in memory");
}

TEST_F(quantised_caches, refuse_what_does_not_fit) {
  heed::kv_cache<std::int8_t> cache({.capacity = 21, .heads = 2, .width = 5, .value_width = 3});
  cache.append(k, v);
  EXPECT_EQ(refusal<std::length_error>([&] { cache.append(k.topRows(2), v.topRows(2)); }),
            "heed::kv_cache: 2 more rows do not fit: 20 of 21 are taken");
  EXPECT_EQ(refusal([&] { cache.append(v.topRows(1), v.topRows(1)); }),
            "heed::kv_cache: k is 1x6, but a row has 10 columns, 2 x 5");
  const quantised_rows whole(k, 1);
  EXPECT_EQ(refusal([&] { cache.append(whole.rows(0, 1), want_v.rows(0, 1)); }),
            "heed::kv_cache: k (1x10) has scales for 1 heads, but a row has 2");
  EXPECT_TRUE(same(cache.keys(), want_k.rows(0, tokens)));
  EXPECT_TRUE(same(cache.values(), want_v.rows(0, tokens)));
}

TEST_F(quantised_caches, are_left_as_they_were_by_what_they_refuse) {
  heed::kv_caches<std::int8_t> caches(
      {.sequences = 2, .capacity = 5, .heads = 2, .width = 5, .value_width = 3});
  caches.append(0, k.topRows(4), v.topRows(4));
  EXPECT_EQ(refusal<std::length_error>([&] {
              caches.append(std::vector<index>{0, 1, 7}, k.topRows(7), v.topRows(7));
            }),
            "heed::kv_caches: 6 more rows do not fit: 0 of 5 are taken in sequence 1");
  EXPECT_TRUE(same(caches.keys(0), want_k.rows(0, 4)));
  EXPECT_EQ(caches.size(1), 0);

  heed::rolling_cache<std::int8_t> rolling({.window = 4, .heads = 2, .width = 5, .value_width = 3});
  rolling.append(k.topRows(4), v.topRows(4));
  EXPECT_EQ(refusal([&] { rolling.append(k, k); }),
            "heed::rolling_cache: v is 20x10, but a row has 6 columns, 2 x 3");
  EXPECT_TRUE(same(rolling.keys(), want_k.rows(0, 4)));
  EXPECT_TRUE(same(rolling.values(), want_v.rows(0, 4)));
}

TEST_F(quantised_caches, a_second_call_over_one_allocates_nothing) {
  heed::kv_cache<std::int8_t> cache({.capacity = 40, .heads = 2, .width = 5, .value_width = 3});
  cache.append(k, v);
  for (const index queries : {1, 20}) {
    const matrix<float> q = matrix<float>::Random(queries, 4 * 5);
    matrix<float> out(queries, 4 * 3);
    EXPECT_EQ(support::second_call([&] {
                heed::attention(q, cache.keys(), cache.values(), out, heed::heads{4, 2});
              }),
              0);
  }
}

TEST_F(quantised_caches, allocate_nothing_when_they_grow) {
  heed::kv_cache<std::int8_t> cache({.capacity = 40, .heads = 2, .width = 5, .value_width = 3});
  const matrix<float> row_k = k.topRows(1), row_v = v.topRows(1);
  EXPECT_EQ(support::allocations_in([&] {
              while (cache.size() < 40) cache.append(row_k, row_v);
              cache.clear();
              cache.append(row_k, row_v);
            }),
            0);
}

}  // namespace
