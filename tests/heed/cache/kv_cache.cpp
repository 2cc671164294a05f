// SPDX-License-Identifier: MIT
// Growing caches: what they hold, attention over them, and what they refuse.
#include "support/allocations.hpp"
#include "support/caches.hpp"
#include "support/guarded.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace {

using heed::index;
using heed::matrix;
using support::guarded;
using support::layout;
using support::random;
using support::refusal;
using support::same_bits;

template <class Storage>
struct kv_cache : ::testing::Test {};
TYPED_TEST_SUITE(kv_cache, support::storages);

// Appends rows first ... first + count - 1 of k and v as they lie in another layout.
template <class Storage, class Scalar>
void append(heed::kv_cache<Storage>& cache, const matrix<Scalar>& k, const matrix<Scalar>& v,
            index first, index count, layout order) {
  guarded<Scalar> keys(count, k.cols(), order, Scalar(7)),
      values(count, v.cols(), order, Scalar(8));
  keys.matrix() = k.middleRows(first, count);
  values.matrix() = v.middleRows(first, count);
  cache.append(keys.matrix(), values.matrix());
}

template <class Storage, class Scalar>
void holds_what_is_appended() {
  constexpr index tokens = 21;
  for (const index width : {1, 5, 16})
    for (const index heads : {1, 3}) {
      const auto k = random<Scalar>(tokens, heads * width),
                 v = random<Scalar>(tokens, heads * (width + 2));
      heed::kv_cache<Storage> cache(
          {.capacity = tokens, .heads = heads, .width = width, .value_width = width + 2});
      index chunk = 0;
      for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
        append(cache, k, v, cache.size(), chunk, order);
        append(cache, k, v, cache.size(), 7 - chunk, order);
        chunk += 3;
      }
      EXPECT_EQ(cache.size(), tokens);
      EXPECT_EQ(cache.position(), tokens);
      const matrix<Storage> want_k = k.template cast<Storage>(),
                            want_v = v.template cast<Storage>();
      EXPECT_TRUE(same_bits(cache.keys(), want_k)) << width << " " << heads;
      EXPECT_TRUE(same_bits(cache.values(), want_v)) << width << " " << heads;
    }
}
TYPED_TEST(kv_cache, holds_what_is_appended_in_any_layout) {
  holds_what_is_appended<TypeParam, TypeParam>();
}
TYPED_TEST(kv_cache, rounds_what_sums_are_formed_in) {
  holds_what_is_appended<TypeParam, heed::accumulator_t<TypeParam>>();
}

// A prompt in chunks, then a token at a time: the bits of one call over everything.
TYPED_TEST(kv_cache, attention_over_it_has_the_bits_of_attention_over_all) {
  constexpr index tokens = 90;
  const heed::heads heads{4, 2};
  const auto q = random<TypeParam>(tokens, 4 * 8), k = random<TypeParam>(tokens, 2 * 8),
             v = random<TypeParam>(tokens, 2 * 12);
  matrix<TypeParam> whole(tokens, 4 * 12);
  heed::attention(q, k, v, whole, heads, heed::causal);

  heed::kv_cache<TypeParam> cache({.capacity = 100, .heads = 2, .width = 8, .value_width = 12});
  for (index first = 0, count = 50; first < tokens; first += count, count = first < 80 ? 10 : 1) {
    cache.append(k.middleRows(first, count), v.middleRows(first, count));
    matrix<TypeParam> part(count, 4 * 12);
    heed::attention(q.middleRows(first, count), cache.keys(), cache.values(), part, heads,
                    heed::causal);
    EXPECT_TRUE(same_bits(part, whole.middleRows(first, count))) << first;
  }
}

TYPED_TEST(kv_cache, takes_rows_of_its_own) {
  const auto k = random<TypeParam>(4, 8), v = random<TypeParam>(4, 8);
  heed::kv_cache<TypeParam> cache({.capacity = 12, .width = 8});
  cache.append(k, v);
  cache.append(cache.keys(), cache.values());
  cache.append(cache.keys().middleRows(2, 4), cache.values().middleRows(3, 4));
  EXPECT_TRUE(same_bits(cache.keys().topRows(4), k));
  EXPECT_TRUE(same_bits(cache.keys().middleRows(4, 4), k));
  EXPECT_TRUE(same_bits(cache.keys().middleRows(8, 2), k.bottomRows(2)));
  EXPECT_TRUE(same_bits(cache.keys().middleRows(10, 2), k.topRows(2)));
  EXPECT_TRUE(same_bits(cache.values().middleRows(8, 1), v.bottomRows(1)));
  EXPECT_TRUE(same_bits(cache.values().middleRows(9, 3), v.topRows(3)));
}

TYPED_TEST(kv_cache, rows_stay_where_they_are_and_nothing_is_allocated) {
  const auto k = random<TypeParam>(3, 8), v = random<TypeParam>(3, 8);
  heed::kv_cache<TypeParam> cache({.capacity = 300, .heads = 2, .width = 4});
  const TypeParam* const first = cache.keys().first_tile();
  const long allocations = support::allocations_in([&] {
    while (cache.size() < 300) cache.append(k, v);
    cache.truncate(150);
    (void)cache.values();
    cache.clear();
    cache.append(k, v);
  });
  EXPECT_EQ(allocations, 0);
  EXPECT_EQ(cache.keys().first_tile(), first);
}

TYPED_TEST(kv_cache, a_view_of_the_keys_outlives_what_is_appended_and_cut) {
  const auto k = random<TypeParam>(6, 8);
  heed::kv_cache<TypeParam> cache({.capacity = 6, .width = 8});
  cache.append(k.topRows(3), k.topRows(3));
  const auto before = cache.keys();
  cache.append(k.bottomRows(3), k.bottomRows(3));
  EXPECT_TRUE(same_bits(before, k.topRows(3)));
  cache.truncate(1);
  EXPECT_TRUE(same_bits(before, k.topRows(3)));
}

TYPED_TEST(kv_cache, begins_on_a_cache_line_and_rows_of_values_are_no_whole_pages_apart) {
  constexpr index page = 4096 / index(sizeof(TypeParam)), line = 64 / index(sizeof(TypeParam));
  for (const index width : {index(1), index(7), line, page / 2, page - 1, page, 2 * page}) {
    const heed::kv_cache<TypeParam> cache({.capacity = 2, .width = 1, .value_width = width});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(cache.keys().first_tile()) % 64, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(cache.values().data()) % 64, 0u);
    EXPECT_EQ(cache.values().outerStride(), width % page == 0 ? width + line : width);
  }
}

// As the tiles of a user's own memory are to lie, too.
TYPED_TEST(kv_cache, keys_lie_in_tiles_of_64_each_by_columns) {
  constexpr index tokens = 150, cols = 2 * 3;
  const auto k = random<TypeParam>(tokens, cols), v = random<TypeParam>(tokens, cols);
  heed::kv_cache<TypeParam> cache({.capacity = tokens, .heads = 2, .width = 3});
  cache.append(k, v);
  const TypeParam* const data = cache.keys().first_tile();
  for (index i = 0; i < tokens; ++i)
    for (index j = 0; j < cols; ++j)
      ASSERT_TRUE(heed::detail::exactly_equal(data[i / 64 * 64 * cols + j * 64 + i % 64], k(i, j)))
          << i << " " << j;

  const heed::key_tiles<TypeParam> keys(data, tokens, cols);
  EXPECT_TRUE(same_bits(keys, k));
  EXPECT_TRUE(same_bits(keys.topRows(70), k.topRows(70)));
  EXPECT_TRUE(same_bits(keys.bottomRows(70), k.bottomRows(70)));
  EXPECT_TRUE(same_bits(keys.middleRows(63, 66).middleRows(1, 64), k.middleRows(64, 64)));
  EXPECT_EQ(keys.middleRows(64, 1).first_tile(), data + 64 * cols);
  EXPECT_EQ(keys.middleRows(63, 2).first_tile(), data);
}

// Beyond what fills one large page, memory is asked for as rows reach it.
TYPED_TEST(kv_cache, holds_more_than_a_large_page) {
  constexpr index width = 512, size = sizeof(TypeParam);
  const index page = index(heed::detail::large_page) / (width * size);  // rows
  const auto k = random<TypeParam>(3 * page, width), v = random<TypeParam>(3 * page, width);
  heed::kv_cache<TypeParam> cache({.capacity = 3 * page + 1, .width = width});
  for (const index count : {index(1), page - 2, index(3), page + page / 2, page / 2 - 2})
    cache.append(k.middleRows(cache.size(), count), v.middleRows(cache.size(), count));
  EXPECT_TRUE(same_bits(cache.keys(), k));
  EXPECT_TRUE(same_bits(cache.values(), v));
  const heed::kv_cache<TypeParam> copy = cache;
  cache.truncate(5);
  EXPECT_TRUE(same_bits(copy.keys(), k));
  heed::kv_cache<TypeParam> moved = std::move(cache);
  moved.append(k.bottomRows(2 * page), v.bottomRows(2 * page));
  EXPECT_TRUE(same_bits(moved.values().bottomRows(2 * page), v.bottomRows(2 * page)));
}

TYPED_TEST(kv_cache, is_cut_cleared_and_branched) {
  const auto k = random<TypeParam>(5, 8), v = random<TypeParam>(5, 6);
  const matrix<TypeParam> other = -k;
  heed::kv_cache<TypeParam> cache({.capacity = 9, .heads = 2, .width = 4, .value_width = 3});
  cache.append(k, v);

  heed::kv_cache<TypeParam> copy = cache, branch = cache.branch(3), longer = cache.branch(5, 20);
  cache.truncate(2);
  cache.append(other.topRows(3), v.topRows(3));
  EXPECT_TRUE(same_bits(cache.keys().bottomRows(3), other.topRows(3)));
  EXPECT_TRUE(same_bits(copy.keys(), k)) << "a copy has rows of its own";
  EXPECT_TRUE(same_bits(copy.values(), v));
  EXPECT_EQ(copy.capacity(), 9);
  EXPECT_TRUE(same_bits(branch.keys(), k.topRows(3)));
  EXPECT_TRUE(same_bits(branch.values(), v.topRows(3)));
  EXPECT_EQ(branch.capacity(), 9);
  EXPECT_EQ(branch.position(), 3);
  EXPECT_EQ(longer.capacity(), 20);
  EXPECT_EQ(longer.heads(), 2);
  EXPECT_EQ(longer.width(), 4);
  EXPECT_EQ(longer.value_width(), 3);
  EXPECT_TRUE(same_bits(longer.values(), v));

  const TypeParam* const place = longer.keys().first_tile();
  heed::kv_cache<TypeParam> moved = std::move(longer);
  EXPECT_EQ(moved.keys().first_tile(), place);
  EXPECT_EQ(longer.size(), 0);
  EXPECT_EQ(longer.capacity(), 0);
  EXPECT_THROW(longer.append(k, v), std::length_error);
  copy = moved;
  EXPECT_TRUE(same_bits(copy.keys(), k));
  EXPECT_NE(copy.keys().first_tile(), place);
  moved = std::move(branch);
  EXPECT_EQ(moved.size(), 3);
  longer = cache;
  EXPECT_TRUE(same_bits(longer.keys(), cache.keys()));

  cache.clear();
  EXPECT_EQ(cache.size(), 0);
  EXPECT_EQ(cache.keys().rows(), 0);
  EXPECT_EQ(cache.keys().cols(), 8);
}

TEST(kv_cache_errors, says_what_no_memory_can_address) {
  constexpr index most = std::numeric_limits<index>::max();
  const auto sentence = [](index capacity, index width) {
    return refusal<std::length_error>(
        [&] { heed::kv_cache<float>({.capacity = capacity, .width = width}); });
  };
  EXPECT_EQ(sentence(most, 1),
            "heed::kv_cache: 9223372036854775807 rows of 1 heads of width 1 are "
            "more than memory can address");
  for (const index rows : {most - 63, most / 16, most / 16 - 62})
    EXPECT_NE(sentence(rows, 1), "accepted") << rows;
  EXPECT_NE(sentence(0, most / 16), "accepted");
  EXPECT_NE(sentence(1, most / 64), "accepted");
  EXPECT_EQ(sentence(0, 1 << 20), "accepted");

  const auto of_many = [](index sequences, index capacity) {
    return refusal<std::length_error>([&] {
      heed::kv_caches<float>({.sequences = sequences, .capacity = capacity, .width = 1});
    });
  };
  EXPECT_EQ(of_many(2, most),
            "heed::kv_caches: 2 sequences of 9223372036854775807 positions are "
            "more than memory can address");
  EXPECT_NE(of_many(2, (most - 64) / 2), "accepted");
  EXPECT_NE(of_many(0, most), "accepted");
  EXPECT_NE(of_many(index(1) << 57, 1), "accepted");
  EXPECT_EQ(of_many(0, 1000), "accepted");
}

TEST(kv_cache_errors, what_is_refused_leaves_it_as_it_was) {
  using Eigen::MatrixXf;
  heed::kv_cache<float> cache({.capacity = 6, .heads = 2, .width = 4, .value_width = 3});
  const MatrixXf k = MatrixXf::Random(5, 8), v = MatrixXf::Random(5, 6);
  cache.append(k, v);
  const auto refused = [&]<class Error>(const Error*, const MatrixXf& keys,
                                        const MatrixXf& values) {
    const std::string sentence = refusal<Error>([&] { cache.append(keys, values); });
    EXPECT_TRUE(same_bits(cache.keys(), k));
    EXPECT_TRUE(same_bits(cache.values(), v));
    return sentence;
  };
  const heed::shape_error* const shape = nullptr;
  const std::length_error* const length = nullptr;
  EXPECT_EQ(refused(length, MatrixXf::Ones(2, 8), MatrixXf::Ones(2, 6)),
            "heed::kv_cache: 2 more rows do not fit: 5 of 6 are taken");
  heed::kv_cache<float> without_room({.capacity = 0, .width = 4});
  const MatrixXf row = MatrixXf::Ones(1, 4);
  EXPECT_EQ(refusal<std::length_error>([&] { without_room.append(row, row); }),
            "heed::kv_cache: 1 more rows do not fit: 0 of 0 are taken; capacity was not given");
  EXPECT_EQ(refused(shape, MatrixXf::Ones(1, 4), MatrixXf::Ones(1, 6)),
            "heed::kv_cache: k is 1x4, but a row has 8 columns, 2 x 4");
  EXPECT_EQ(refused(shape, MatrixXf::Ones(1, 8), MatrixXf::Ones(1, 8)),
            "heed::kv_cache: v is 1x8, but a row has 6 columns, 2 x 3");
  EXPECT_EQ(refused(shape, MatrixXf(0, 7), MatrixXf(0, 6)),
            "heed::kv_cache: k is 0x7, but a row has 8 columns, 2 x 4");
  EXPECT_EQ(refused(shape, MatrixXf::Ones(1, 8), MatrixXf::Ones(2, 6)),
            "heed::kv_cache: k and v differ in rows: k is 1x8, v is 2x6");
  EXPECT_EQ(refused(shape, MatrixXf(0, 8), MatrixXf(0, 6)), "accepted");

  using heed::shape_error;
  EXPECT_EQ(refusal<shape_error>([&] { cache.truncate(6); }),
            "heed::kv_cache: cannot be cut to 6 rows, it has 5");
  EXPECT_EQ(refusal<shape_error>([&] { cache.truncate(-1); }),
            "heed::kv_cache: cannot be cut to -1 rows, it has 5");
  EXPECT_EQ(refusal<shape_error>([&] { (void)cache.branch(6); }),
            "heed::kv_cache: cannot branch after 6 rows, it has 5");
  EXPECT_EQ(refusal<std::length_error>([&] { (void)cache.branch(5, 4); }),
            "heed::kv_cache: a branch of 5 rows does not fit into a capacity of 4");
  EXPECT_EQ(cache.size(), 5);
}

TEST(kv_cache_errors, sizes_that_mean_nothing_are_refused) {
  using sizes = heed::kv_cache<float>::sizes;
  const auto sentence = [](const sizes& s) {
    return refusal<std::logic_error>([&] { (void)heed::kv_cache<float>(s); });
  };
  EXPECT_EQ(sentence({.capacity = -1, .width = 4}),
            "heed::kv_cache: capacity is -1; it may not be negative");
  EXPECT_EQ(sentence({.capacity = 1, .heads = 0, .width = 4}),
            "heed::kv_cache: heads is 0, width is 4, value_width is 0; the first two must be "
            "positive, the third positive or 0 for as many as width");
  EXPECT_EQ(sentence({.capacity = 1, .width = 0}),
            "heed::kv_cache: width was not given, or is 0; it is the columns of one head in keys");
  EXPECT_EQ(sentence({.capacity = 1, .width = 2, .value_width = -3}),
            "heed::kv_cache: heads is 1, width is 2, value_width is -3; the first two must be "
            "positive, the third positive or 0 for as many as width");
  EXPECT_EQ(sentence({.capacity = index(1) << 40, .heads = 1 << 20, .width = 1 << 10}),
            "heed::kv_cache: 1099511627776 rows of 1048576 heads of width 1024 are more than "
            "memory can address");
  EXPECT_EQ(sentence({.capacity = 0, .heads = index(1) << 40, .width = index(1) << 40}),
            "heed::kv_cache: 0 rows of 1099511627776 heads of width 1099511627776 are more than "
            "memory can address");
  EXPECT_EQ(sentence({.capacity = 0, .width = 4}), "accepted");
}

}  // namespace
