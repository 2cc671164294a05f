// SPDX-License-Identifier: MIT
// Scores with keys next to each other: every number of rows, keys and features around the vectors',
// exact on integers, and folded to the bits that the kernel for many queries folds to.
#include "support/guarded.hpp"
#include "support/tiles.hpp"

#include <heed/kernel/decode/decode_scores.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::layout;
constexpr index pitch = heed::keys_per_tile;

template <class Scalar>
struct decode_scores : ::testing::Test {
  using rows_type = heed::detail::decode_scores<Scalar>;
  static constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  static constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();

  std::vector<Scalar> memory;
  rows_type rows{nullptr, 0};

  // With rows that fill up the last packet, of which nothing may be seen.
  void make(index count) {
    memory.assign(std::size_t(count * pitch), Scalar(0));
    memory.resize(std::size_t(heed::detail::whole_packets<Scalar>(count) * pitch), Scalar(1234));
    rows = {memory.data(), count};
  }
};
using scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(decode_scores, scalars);

template <class Scalar, class Storage>
void expect_products(decode_scores<Scalar>& test, index count, index keys, index width,
                     layout order) {
  support::guarded<Storage> memory(keys, width, order, Storage(4321));
  auto k = memory.matrix();
  const heed::detail::view<const Storage> rows = heed::detail::view_of(k);
  std::vector<Scalar> queries(std::size_t(count * width));
  for (index j = 0; j < keys; ++j)
    for (index f = 0; f < width; ++f) k(j, f) = Storage(int((j * 7 + f * 3) % 11 - 5));
  for (index i = 0; i < count; ++i)
    for (index f = 0; f < width; ++f)
      queries[std::size_t(i * width + f)] = Scalar((i + 2 * f) % 7 - 3);
  test.make(count);
  std::vector<Scalar> room(std::size_t(test.rows.room_for(width)));
  const index run = test.rows.keys_per_run(count, heed::detail::lie_by_rows(rows));
  for (index first = 0; first < keys; first += run)
    test.rows.multiply(first, queries.data(),
                       rows.block(first, 0, std::min(run, keys - first), width), room.data());
  for (index i = 0; i < count; ++i)
    for (index j = 0; j < keys; ++j) {
      Scalar want = 0;
      for (index f = 0; f < width; ++f)
        want += queries[std::size_t(i * width + f)] * Scalar(k(j, f));
      ASSERT_EQ(test.rows.row(i)[j], want) << count << " " << keys << " " << width;
    }
}

TYPED_TEST(decode_scores, are_products_of_queries_and_keys) {
  const index size = heed::detail::simd<TypeParam>::size;
  for (const index count : {1, 2, 3, 4, 5, 7, 12, 13, 17})
    for (const index width : {index(0), index(1), size - 1, size, size + 1, 3 * size + 1})
      for (const index keys : {index(1), size - 1, size, 2 * size + 1, pitch - 1, pitch})
        for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
          if (keys == 0) continue;
          expect_products<TypeParam, TypeParam>(*this, count, keys, width, order);
          if constexpr (std::is_same_v<TypeParam, float>) {
            expect_products<TypeParam, Eigen::half>(*this, count, keys, width, order);
            expect_products<TypeParam, Eigen::bfloat16>(*this, count, keys, width, order);
          }
        }
}

// What is behind the last key in its tile comes out as something, but only where a packet ends.
template <class Scalar, class Keys>
void expect_products_of_tile(decode_scores<Scalar>& test, index count, const Keys& keys) {
  std::vector<Scalar> queries(std::size_t(count * keys.cols));
  for (index i = 0; i < count; ++i)
    for (index f = 0; f < keys.cols; ++f)
      queries[std::size_t(i * keys.cols + f)] = Scalar((i + 2 * f) % 7 - 3);
  test.make(count);
  test.memory.resize(test.memory.size() + 1, Scalar(1234));
  test.rows.data = test.memory.data();
  test.rows.multiply_tile(queries.data(), keys);
  for (index i = 0; i < count; ++i)
    for (index j = 0; j < keys.rows; ++j) {
      Scalar want = 0;
      for (index f = 0; f < keys.cols; ++f)
        want += queries[std::size_t(i * keys.cols + f)] * Scalar(keys(j, f));
      ASSERT_EQ(test.rows.row(i)[j], want) << count << " " << keys.rows << " " << keys.cols;
    }
  ASSERT_EQ(test.memory[std::size_t(count * pitch)], Scalar(1234));
}

TYPED_TEST(decode_scores, are_products_of_queries_and_keys_in_tiles) {
  const index size = heed::detail::simd<TypeParam>::size;
  const auto expect = [&]<class Storage>(Storage, index keys, index width) {
    matrix<Storage> k(keys, width);
    for (index j = 0; j < keys; ++j)
      for (index f = 0; f < width; ++f) k(j, f) = Storage(int((j * 7 + f * 3) % 11 - 5));
    const support::tiles<Storage> tiles(k);
    for (const index count : {1, 2, 3, 4, 7, 13})
      expect_products_of_tile(*this, count, tiles.view().block(0, 0, keys, width));
  };
  for (const index width : {index(1), size, 3 * size + 1})
    for (const index keys : {index(1), size, 2 * size + 1, pitch - 1, pitch}) {
      expect(TypeParam(), keys, width);
      if constexpr (std::is_same_v<TypeParam, float>) {
        expect(Eigen::half(), keys, width);
        expect(Eigen::bfloat16(), keys, width);
        matrix<std::int8_t> numbers(keys, 2 * width);
        matrix<float> scales(keys, 2);
        for (index j = 0; j < keys; ++j) {
          scales.row(j) << float(j % 3 + 1), 0.5f * float(j % 5);
          for (index f = 0; f < 2 * width; ++f)
            numbers(j, f) = static_cast<std::int8_t>((j * 7 + f * 3) % 11 - 5);
        }
        const support::quantised_tiles tiles(numbers, scales);
        for (const index count : {1, 2, 5})
          expect_products_of_tile(*this, count, tiles.keys().block(0, width, keys, width));
      }
    }
}

TYPED_TEST(decode_scores, know_whether_any_key_is_excluded) {
  for (const index keys : {1, 15, 64}) {
    this->make(3);
    EXPECT_FALSE(this->rows.any_excluded(keys));
    for (index i = 0; i < 3; ++i)
      for (index j = 0; j < keys; ++j)
        for (const TypeParam x : {-this->infinity, this->infinity, this->nan,
                                  std::numeric_limits<TypeParam>::lowest()}) {
          this->rows.row(i)[j] = x;
          this->rows.fill_up(keys);
          EXPECT_EQ(this->rows.any_excluded(keys), heed::detail::exactly_equal(x, -this->infinity))
              << x;
          this->rows.row(i)[j] = 0;
          this->rows.fill_up(keys);
        }
  }
}

// Queries as lanes, and what they have gathered.
template <class Scalar>
struct lane_block {
  static constexpr index lanes = heed::detail::packed_lanes<Scalar>::pitch;
  index queries;
  std::vector<Scalar> origin, sum, factor, scores;

  explicit lane_block(index some)
      : queries(some),
        origin(std::size_t(lanes)),
        sum(origin),
        factor(origin),
        scores(std::size_t(lanes * pitch)) {}

  heed::detail::online_softmax<Scalar> state() {
    return {origin.data(),
            sum.data(),
            factor.data(),
            nullptr,
            heed::detail::packets_of<Scalar>(queries),
            0};
  }
};

// Tile after tile, against online_softmax::update with queries as lanes: all that it leaves behind.
template <class Scalar>
void expect_same_updates(decode_scores<Scalar>& test, index count) {
  using s = heed::detail::simd<Scalar>;
  constexpr index lanes = lane_block<Scalar>::lanes;
  const index padded = heed::detail::packets_of<Scalar>(count) * s::size;
  std::vector<Scalar> origin(static_cast<std::size_t>(padded)), sum = origin, factor = origin;
  heed::detail::online_softmax<Scalar> sums{origin.data(), sum.data(),       factor.data(),
                                            nullptr,       padded / s::size, 0};
  sums.reset();
  std::vector<lane_block<Scalar>> blocks;
  for (index i = 0; i < count; i += lanes) blocks.emplace_back(std::min(lanes, count - i));
  for (auto& block : blocks) block.state().reset();
  const auto score = [&](index tile, index i, index j) -> Scalar {
    const index n = (i * 13 + j * 7 + tile * 5) % 97;
    if (n == 11 && i % 3 == 0) return -test.infinity;
    if (n == 12 && i == 4) return test.nan;
    if (i == 5) return -test.infinity;
    const Scalar size = i == 2 ? Scalar(1e7) : i == 6 ? Scalar(1e30) : Scalar(1);
    return size * Scalar(std::sin(double(n)) * 9);
  };
  for (index tile = 0; tile < 4; ++tile) {
    const index keys = std::vector<index>{pitch, 1, 13, pitch - 1}[std::size_t(tile)];
    test.make(count);
    for (index i = 0; i < count; ++i)
      for (index j = 0; j < keys; ++j) test.rows.row(i)[j] = score(tile, i, j);
    test.rows.fill_up(keys);
    test.rows.update(sums, keys);
    const auto equal = [](Scalar a, Scalar b) { return std::memcmp(&a, &b, sizeof a) == 0; };
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      lane_block<Scalar>& other = blocks[b];
      for (index j = 0; j < keys; ++j)
        for (index l = 0; l < lanes; ++l)
          other.scores[std::size_t(j * lanes + l)] =
              score(tile, index(b) * lanes + std::min(l, other.queries - 1), j);
      other.state().update(other.scores.data(), keys);
      for (index l = 0; l < other.queries; ++l) {
        const index i = index(b) * lanes + l;
        EXPECT_TRUE(equal(origin[std::size_t(i)], other.origin[std::size_t(l)])) << i;
        EXPECT_TRUE(equal(sum[std::size_t(i)], other.sum[std::size_t(l)])) << i;
        EXPECT_TRUE(equal(factor[std::size_t(i)], other.factor[std::size_t(l)])) << i;
        for (index j = 0; j < keys; ++j)
          EXPECT_TRUE(equal(test.rows.row(i)[j], other.scores[std::size_t(j * lanes + l)]))
              << i << " " << j;
      }
    }
  }
}

TYPED_TEST(decode_scores, updates_to_the_bits_of_queries_as_lanes) {
  for (const index count : {1, 2, 5, 7, 8, 9, 17, 33}) {
    expect_same_updates(*this, count);
  }
}

}  // namespace
