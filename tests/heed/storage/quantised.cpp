// SPDX-License-Identifier: MIT
// 8-bit integers with a scale a row and head: how numbers are rounded to them, and what they stand
// for when they are read.
#include "support/guarded.hpp"
#include "support/refusal.hpp"

#include <heed/storage/quantise.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace {

using heed::index;
using heed::matrix;
using support::guarded;
using support::layout;
using support::refusal;
using integers = matrix<std::int8_t>;

constexpr layout layouts[] = {layout::row_major, layout::column_major, layout::strided};

// Half a step, and what rounding the scale, the quotient and the product may add: the quotient is at
// most 127, so each of them is off by 127 * 2^-24 steps at most.
float most_off(float scale) { return scale * (0.5f + 3 * 127 * std::ldexp(1.0f, -24)); }

template <class Scalar>
struct quantise : ::testing::Test {};
using scalars = ::testing::Types<float, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(quantise, scalars);

TYPED_TEST(quantise, is_off_by_half_a_step_at_most_in_any_layout) {
  for (const layout order : layouts)
    for (const index heads : {1, 3})
      for (const index width : {1, 2, 7, 33}) {
        guarded<TypeParam> x(5, heads * width, order, TypeParam(9));
        x.matrix() = matrix<float>::Random(5, heads * width).template cast<TypeParam>();
        guarded<std::int8_t> numbers(5, heads * width, order, 99);
        guarded<float> scales(5, heads, order, 7);
        auto to = numbers.matrix();
        auto to_scales = scales.matrix();
        heed::quantise(x.matrix(), to, to_scales);
        const heed::quantised rows(to, to_scales);
        for (index i = 0; i < 5; ++i)
          for (index h = 0; h < heads; ++h) {
            float largest = 0;
            int most = 0;
            for (index j = h * width; j < (h + 1) * width; ++j) {
              const auto want = static_cast<float>(x.matrix()(i, j));
              largest = std::max(largest, std::abs(want));
              most = std::max(most, std::abs(int(to(i, j))));
              EXPECT_LE(std::abs(rows(i, j) - want), most_off(to_scales(i, h)));
              EXPECT_EQ(rows(i, j), to_scales(i, h) * static_cast<float>(to(i, j)));
            }
            EXPECT_EQ(to_scales(i, h), largest / 127);
            EXPECT_EQ(most, 127);
          }
        EXPECT_TRUE(numbers.intact());
        EXPECT_TRUE(scales.intact());
      }
}

TEST(quantise_by_hand, numbers_and_scales) {
  const matrix<float> x = (matrix<float>(2, 4) << 127, -1.4f, 254, 2, 0, 0, -1, 0.5f).finished();
  integers numbers(2, 4);
  matrix<float> scales(2, 2);
  heed::quantise(x, numbers, scales);
  EXPECT_EQ(numbers, (integers(2, 4) << 127, -1, 127, 1, 0, 0, -127, 64).finished());
  EXPECT_EQ(scales, (matrix<float>(2, 2) << 1, 2, 0, 1 / 127.0f).finished());
}

TEST(quantise_by_hand, huge_tiny_and_no_numbers) {
  constexpr float huge = std::numeric_limits<float>::max(), tiny = 1e-44f,
                  infinity = std::numeric_limits<float>::infinity(), nan = NAN;
  const matrix<float> x =
      (matrix<float>(1, 8) << huge, -huge, tiny, -tiny, infinity, 1, nan, 0).finished();
  integers numbers(1, 8);
  matrix<float> scales(1, 4);
  heed::quantise(x, numbers, scales);
  const heed::quantised rows(numbers, scales);
  EXPECT_NEAR(rows(0, 0) / huge, 1, 1e-6);
  EXPECT_NEAR(rows(0, 1) / huge, -1, 1e-6);
  EXPECT_NEAR(rows(0, 2), tiny, 127 * std::numeric_limits<float>::denorm_min());
  for (const index j : {4, 5, 6, 7}) EXPECT_TRUE(std::isnan(rows(0, j))) << j;
}

// A scale below the normal numbers has few bits, and may come out as two thirds of what it should be.
TEST(quantise_by_hand, numbers_stay_within_127) {
  constexpr float least = std::numeric_limits<float>::denorm_min();
  const matrix<float> x = (matrix<float>(1, 2) << 180 * least, -180 * least).finished();
  integers numbers(1, 2);
  matrix<float> scales(1, 1);
  heed::quantise(x, numbers, scales);
  EXPECT_EQ(scales(0, 0), least);
  EXPECT_EQ(numbers, (integers(1, 2) << 127, -127).finished());
}

TEST(quantise_by_hand, refuses_memory_that_is_shared) {
  matrix<float> x = matrix<float>::Ones(2, 16);
  const matrix<float> before = x;
  integers numbers(2, 16);
  auto inside = x.rightCols(2);
  EXPECT_EQ(refusal([&] { heed::quantise(x, numbers, inside); }),
            "heed::quantise: x (2x16), numbers (2x16) and scales (2x2) must not overlap in memory");
  EXPECT_EQ(x, before);
}

TEST(quantise_by_hand, refuses_sizes_that_do_not_fit) {
  const matrix<float> x = matrix<float>::Ones(2, 6);
  integers numbers = integers::Constant(2, 6, 3), few(1, 6);
  matrix<float> scales(2, 2), wrong(2, 4);
  EXPECT_EQ(refusal([&] { heed::quantise(x, few, scales); }),
            "heed::quantise: x is 2x6, numbers are 1x6, scales are 2x2; numbers must be as many as "
            "x has, scales a row a row and a column a head");
  EXPECT_EQ(refusal([&] { heed::quantise(x, numbers, wrong); }),
            "heed::quantise: x is 2x6, numbers are 2x6, scales are 2x4; numbers must be as many as "
            "x has, scales a row a row and a column a head");
  EXPECT_EQ(numbers, integers::Constant(2, 6, 3)) << "nothing is written";
  EXPECT_EQ(refusal([&] { heed::quantised(numbers, wrong); }),
            "heed::quantised: numbers are 2x6, scales are 2x4; there must be as many rows of both, "
            "and a column of scales a head");
}

// Every layout of either side, and sizes around those of vectors.
TEST(quantised, copies_are_the_products_rounded_once) {
  for (const layout from_order : layouts)
    for (const layout to_order : layouts)
      for (const index rows : {0, 1, 7, 8, 9, 16, 35})
        for (const index width : {1, 3, 8, 16, 19}) {
          guarded<std::int8_t> numbers(rows, 2 * width, from_order, 55);
          guarded<float> scales(rows, 2, from_order, NAN);
          auto n = numbers.matrix();
          auto s = scales.matrix();
          for (index i = 0; i < rows; ++i)
            for (index j = 0; j < 2 * width; ++j)
              n(i, j) = static_cast<std::int8_t>((i * 37 + j * 11) % 256 - 128);
          s = matrix<float>::Random(rows, 2);
          const heed::quantised all(n, s);
          for (const index head : {0, 1}) {
            guarded<float> copied(rows, width, to_order, 77);
            auto to = copied.matrix();
            heed::detail::copy(heed::detail::view_of(to), all.block(0, head * width, rows, width));
            for (index i = 0; i < rows; ++i)
              for (index j = 0; j < width; ++j)
                ASSERT_EQ(to(i, j), s(i, head) * static_cast<float>(n(i, head * width + j)))
                    << rows << "x" << width << " at " << i << ", " << j;
            EXPECT_TRUE(copied.intact());
          }
        }
}

TEST(quantised, a_block_begins_where_it_says) {
  integers numbers(6, 8);
  for (index i = 0; i < numbers.size(); ++i) numbers.data()[i] = static_cast<std::int8_t>(i);
  const matrix<float> scales = matrix<float>::Random(6, 2);
  const heed::quantised all(numbers, scales);
  const heed::detail::scaled_rows some = all.block(2, 4, 3, 4), part = some.block(1, 2, 2, 2);
  EXPECT_EQ(some(0, 0), all(2, 4));
  EXPECT_EQ(some(2, 3), all(4, 7));
  EXPECT_EQ(part(0, 0), all(3, 6));
  EXPECT_EQ(part(1, 1), all(4, 7));
  EXPECT_EQ(part.scale(1), scales(4, 1));
  EXPECT_EQ(all.block(6, 0, 0, 4).rows, 0);
}

}  // namespace
