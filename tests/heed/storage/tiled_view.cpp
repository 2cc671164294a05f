// SPDX-License-Identifier: MIT
// Views whose rows may lie in tiles: where elements are, what is one piece, what shares memory.
#include "support/same_bits.hpp"
#include "support/tiles.hpp"

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using heed::detail::tiled_view;

matrix<float> numbered(index rows, index cols) {
  matrix<float> m(rows, cols);
  for (index i = 0; i < rows; ++i)
    for (index j = 0; j < cols; ++j) m(i, j) = float(i * 10 + j);
  return m;
}

TEST(tiled_view, finds_elements_from_any_row_on) {
  const matrix<float> m = numbered(200, 3);
  const support::tiles<float> tiles(m);
  for (const tiled_view<const float>& all :
       {tiles.view(), tiled_view<const float>(heed::detail::view_of(m))})
    for (const index first : {0, 1, 63, 64, 65, 130, 200})
      for (const index again : {0, 1, 64}) {
        if (first + again > 200) continue;
        const auto some = all.some_rows(first, 200 - first).some_rows(again, 200 - first - again);
        for (index i = 0; i < some.rows; ++i)
          for (index j = 0; j < 3; ++j) ASSERT_EQ(some(i, j), m(first + again + i, j));
        for (index i = 0; i < some.rows; i += some.rows_in_tile(i)) {
          const index count = some.rows_in_tile(i);
          ASSERT_GT(count, 0);
          const auto piece = some.block(i, 1, count, 2);
          for (index r = 0; r < count; ++r) ASSERT_EQ(piece(r, 1), m(first + again + i + r, 2));
        }
      }
}

TEST(tiled_view, knows_how_many_rows_lie_in_one_tile) {
  const support::tiles<float> tiles(numbered(200, 3));
  const auto all = tiles.view();
  EXPECT_EQ(all.rows_in_tile(0), 64);
  EXPECT_EQ(all.rows_in_tile(63), 1);
  EXPECT_EQ(all.rows_in_tile(192), 8);
  EXPECT_EQ(all.some_rows(60, 10).rows_in_tile(0), 4);
  EXPECT_EQ(all.some_rows(60, 10).rows_in_tile(4), 6);
  const matrix<float> m = numbered(200, 3);
  EXPECT_EQ(tiled_view<const float>(heed::detail::view_of(m)).rows_in_tile(7), 193);
}

TEST(tiled_view, tells_what_it_shares_memory_with) {
  matrix<float> memory(1, 64 * 3 * 2), other(1, 9);
  const auto all = tiled_view<float>::of_tiles(memory.data(), 100, 3);
  const auto at = [&](index from, index count) {
    return heed::detail::view<float>{memory.data() + from, 1, count, count, 1};
  };
  EXPECT_TRUE(heed::detail::overlap(at(0, 1), all));
  EXPECT_TRUE(heed::detail::overlap(at(64 * 6 - 1, 1), all))
      << "the room behind the last row is its own";
  EXPECT_FALSE(heed::detail::overlap(heed::detail::view_of(other), all));
  EXPECT_FALSE(heed::detail::overlap(at(0, 64 * 3), all.some_rows(64, 30)));
  EXPECT_TRUE(heed::detail::overlap(at(64 * 3, 1), all.some_rows(64, 30)));
  EXPECT_FALSE(heed::detail::overlap(at(0, 64 * 6), all.some_rows(0, 0)));
  EXPECT_TRUE(heed::detail::overlap(all.some_rows(0, 65), all.some_rows(64, 30)));
  EXPECT_FALSE(heed::detail::overlap(all.some_rows(0, 64), all.some_rows(64, 30)));
  EXPECT_FALSE(heed::detail::overlap(tiled_view<float>(heed::detail::view_of(other)), all));
}

}  // namespace
