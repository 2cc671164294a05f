// SPDX-License-Identifier: MIT
// Keys that lie in tiles: the bits of the same keys by rows, in every kernel, with every kind of rule
// and of numbers, wherever a sequence begins.
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/tiles.hpp"

#include <heed/attention.hpp>
#include <heed/reference.hpp>
#include <heed/storage/quantise.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::on_threads;
using support::same_bits;

template <class Storage>
struct key_tiles : ::testing::Test {
  using Scalar = heed::accumulator_t<Storage>;
  using rows = matrix<Storage>;

  static rows random(index count, index width) {
    return matrix<float>::Random(count, width).template cast<Storage>();
  }

  // Everything that a call writes, on one thread and on three.
  template <class Tiles, class K, class V, class... Modifiers>
  static void compare(index longest, const heed::heads& heads, const rows& q, const Tiles& tiles,
                      const K& k, const V& v, const Modifiers&... modifiers) {
    rows want(q.rows(), heads.query * (v.cols() / heads.kv)), out = want;
    matrix<Scalar> want_lse(q.rows(), heads.query),
        lse = want_lse, want_of_keys(k.rows(), heads.query), of_keys = want_of_keys,
        want_p(heads.query * q.rows(), longest), p = want_p;
    heed::attention(q, k, v, want, heads, modifiers..., heed::log_sum_exp(want_lse),
                    heed::key_weights(want_of_keys));
    for (const index workers : {1, 3}) {
      out.setConstant(Storage(7));
      heed::attention(q, tiles, v, out, heads, modifiers..., heed::log_sum_exp(lse),
                      heed::key_weights(of_keys), heed::on(on_threads, workers));
      EXPECT_TRUE(same_bits(out, want)) << workers;
      EXPECT_TRUE(same_bits(lse, want_lse)) << workers;
      EXPECT_TRUE(same_bits(of_keys, want_of_keys)) << workers;
    }
    EXPECT_TRUE(same_bits(heed::attention(q, tiles, v, heads, modifiers...), want));
    heed::attention(q, k, v, want, heads, modifiers..., heed::weights(want_p));
    heed::attention(q, tiles, v, out, heads, modifiers..., heed::weights(p));
    EXPECT_TRUE(same_bits(out, want));
    EXPECT_TRUE(same_bits(p, want_p));
  }

  template <class... Modifiers>
  static void compare(const heed::heads& heads, const rows& q, const rows& k, const rows& v,
                      const Modifiers&... modifiers) {
    const support::tiles<Storage> tiles(k);
    compare(k.rows(), heads, q, tiles.keys(), k, v, modifiers...);
    if constexpr (!std::is_same_v<Scalar, float>) return;
    compare_quantised(heads, q, k, v, modifiers...);
  }

  template <class... Modifiers>
  static void compare_quantised(const heed::heads& heads, const rows& q, const rows& k,
                                const rows& v, const Modifiers&... modifiers) {
    if constexpr (std::is_same_v<Scalar, float>) {
      matrix<std::int8_t> k_numbers(k.rows(), k.cols()), v_numbers(v.rows(), v.cols());
      matrix<float> k_scales(k.rows(), heads.kv), v_scales = k_scales;
      heed::quantise(k, k_numbers, k_scales);
      heed::quantise(v, v_numbers, v_scales);
      const support::quantised_tiles tiles(k_numbers, k_scales);
      compare(k.rows(), heads, q, tiles.keys(), heed::quantised(k_numbers, k_scales),
              heed::quantised(v_numbers, v_scales), modifiers...);
    }
  }

  template <class... Modifiers>
  static void for_each_size(const Modifiers&... modifiers) {
    for (const index queries : {1, 2, 5, 40})
      for (const index keys : {1, 63, 64, 65, 128, 601})
        for (const auto& heads : {heed::heads{2, 2}, heed::heads{6, 2}, heed::heads{8, 1}}) {
          SCOPED_TRACE(::testing::Message() << queries << " queries, " << keys << " keys, "
                                            << heads.query << " over " << heads.kv);
          compare(heads, random(queries, heads.query * 9), random(keys, heads.kv * 9),
                  random(keys, heads.kv * 21), modifiers...);
        }
  }
};
using storages = ::testing::Types<float, double, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(key_tiles, storages);

TYPED_TEST(key_tiles, have_the_bits_of_rows) { this->for_each_size(heed::causal); }

// The window of the last query begins within a tile.
TYPED_TEST(key_tiles, have_them_with_score_rules_and_masks) {
  this->for_each_size(heed::alibi(), heed::causal, heed::window{.left = 70});
}

// What is read behind the last key must not lie behind the last tile: for the address sanitizer.
TYPED_TEST(key_tiles, of_which_few_at_the_end_of_memory_are_seen) {
  for (const index keys : {64, 128, 640})
    for (const index left : {0, 2, 17})
      this->compare({4, 2}, this->random(1, 36), this->random(keys, 18), this->random(keys, 10),
                    heed::causal, heed::window{.left = left});
}

TYPED_TEST(key_tiles, of_every_width) {
  for (index width = 1; width < 40; width += 3)
    for (const index queries : {1, 3})
      this->compare({4, 2}, this->random(queries, 4 * width), this->random(70, 2 * width),
                    this->random(70, 2 * width));
}

TYPED_TEST(key_tiles, beside_values_by_columns) {
  const auto q = this->random(2, 36), k = this->random(700, 18), v = this->random(700, 10);
  const Eigen::Matrix<TypeParam, Eigen::Dynamic, Eigen::Dynamic> by_columns = v;
  const support::tiles<TypeParam> tiles(k);
  this->compare(700, {4, 2}, q, tiles.keys(), k, by_columns, heed::causal);
}

TYPED_TEST(key_tiles, beside_keys_and_values_that_are_not_finite) {
  using limits = std::numeric_limits<TypeParam>;
  auto q = this->random(2, 36), k = this->random(700, 18), v = this->random(700, 10);
  for (auto* m : {&k, &v}) {
    (*m)(3, 0) = limits::quiet_NaN();  // no query sees it
    (*m)(600, 2) = limits::infinity();
    (*m)(699, 5) = limits::quiet_NaN();  // the second does
  }
  this->compare({4, 2}, q, k, v, heed::causal, heed::window{.left = 650});
}

// Where sequences begin with a tile, tiles are read as they lie; where not, they are copied.
TYPED_TEST(key_tiles, of_sequences_that_begin_anywhere) {
  const auto q = this->random(5, 36), k = this->random(1900, 18), v = this->random(1900, 10);
  const support::tiles<TypeParam> tiles(k);
  const std::vector<index> queries{0, 1, 1, 3, 5};
  for (const std::vector<index>& keys :
       {std::vector<index>{0, 640, 704, 704, 1900}, std::vector<index>{0, 600, 610, 610, 1900}}) {
    this->compare(1900 - keys[3], {4, 2}, q, tiles.keys(), k, v, heed::packed{queries, keys},
                  heed::causal);
    const std::vector<index> lengths{599, 3, 0, 1000};
    this->compare(1000, {4, 2}, q, tiles.keys(), k, v, heed::packed{queries, keys, lengths});
  }
  for (const index first : {64, 100}) {
    const matrix<TypeParam> some_k = k.middleRows(first, 300), some_v = v.middleRows(first, 300);
    this->compare(300, {4, 2}, q, tiles.keys().middleRows(first, 300), some_k, some_v);
  }
}

TYPED_TEST(key_tiles, of_some_of_the_heads) {
  const auto q = this->random(2, 18), k = this->random(200, 27), v = this->random(200, 10);
  const support::tiles<TypeParam> tiles(k);
  for (const index first : {0, 9, 18}) {
    const matrix<TypeParam> one = k.middleCols(first, 9);
    this->compare(200, {2, 1}, q, tiles.keys().middleCols(first, 9), one, v, heed::causal);
  }
  EXPECT_TRUE(same_bits(tiles.keys().leftCols(4), k.leftCols(4)));
  EXPECT_TRUE(same_bits(tiles.keys().rightCols(4).bottomRows(70), k.rightCols(4).bottomRows(70)));
}

TYPED_TEST(key_tiles, are_a_matrix_to_eigen_and_to_the_textbook) {
  const auto q = this->random(3, 36), k = this->random(100, 18), v = this->random(100, 10);
  const support::tiles<TypeParam> tiles(k);
  EXPECT_TRUE(same_bits(tiles.keys(), k));
  EXPECT_TRUE(same_bits(tiles.keys().row(77), k.row(77)));
  EXPECT_TRUE(same_bits(heed::reference::attention(q, tiles.keys(), v, heed::heads{4, 2}),
                        heed::reference::attention(q, k, v, heed::heads{4, 2})));
}

TEST(key_tiles_errors, say_sizes_and_refuse_to_be_written_over) {
  const matrix<float> k = matrix<float>::Random(70, 4), v = k;
  const support::tiles<float> tiles(k);
  try {
    (void)heed::attention(matrix<float>(1, 5), tiles.keys(), v);
    FAIL();
  } catch (const heed::shape_error& e) {
    EXPECT_STREQ(e.what(), "heed::attention: head width differs: q is 1x5, k is 70x4");
  }
  Eigen::Map<matrix<float>> own(const_cast<float*>(tiles.keys().first_tile()) + 64 * 4, 1, 4);
  EXPECT_THROW(heed::attention(matrix<float>(1, 4), tiles.keys(), v, own), heed::shape_error);
  heed::attention(matrix<float>(1, 4), tiles.keys().topRows(64), v.topRows(64), own);
}

TEST(key_tiles_errors, have_no_rows_and_columns_but_their_own) {
  const support::tiles<float> tiles(matrix<float>::Ones(70, 4));
  const auto keys = tiles.keys();
  EXPECT_EQ(support::refusal<std::out_of_range>([&] { (void)keys.middleRows(60, 11); }),
            "heed::key_tiles: 11 rows from 60 on are not among 70");
  EXPECT_EQ(support::refusal<std::out_of_range>([&] { (void)keys.rightCols(5); }),
            "heed::key_tiles: 5 columns from -1 on are not among 4");
  EXPECT_THROW((void)keys.topRows(-1), std::out_of_range);
  EXPECT_EQ(keys.middleRows(70, 0).rows(), 0);
}

TEST(key_tiles_errors, values_lie_by_rows_and_scales_as_their_numbers_do) {
  const matrix<float> q = matrix<float>::Random(1, 4), scales = matrix<float>::Ones(70, 1);
  const matrix<std::int8_t> numbers = matrix<std::int8_t>::Ones(70, 4);
  const support::quantised_tiles tiles(numbers, scales);
  const support::tiles<std::int8_t> numbers_alone(numbers);
  const heed::quantised rows(numbers, scales);
  EXPECT_EQ(support::refusal([&] { (void)heed::attention(q, rows, tiles.keys()); }),
            "heed::attention: v (70x4) lies in tiles, but only keys may");
  EXPECT_EQ(support::refusal([&] {
              (void)heed::quantised(numbers_alone.view(), heed::detail::view_of(scales));
            }),
            "heed::quantised: numbers (70x4) and scales (70x1) must lie alike, both in tiles, from "
            "the same row of one on, or neither");
  const auto some = [&](index first) { return heed::detail::some_rows(tiles.keys(), first, 3); };
  EXPECT_THROW(heed::quantised(some(1).numbers, some(2).scales), heed::shape_error);
}

}  // namespace
