// SPDX-License-Identifier: MIT
// Overlap of strided views, against the sets of their elements.
#include <heed/storage/overlap.hpp>

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace {

using heed::index;
using view = heed::detail::view<float>;

std::set<const float*> elements(const view& v) {
  std::set<const float*> all;
  for (index r = 0; r < v.rows; ++r)
    for (index c = 0; c < v.cols; ++c) all.insert(&v(r, c));
  return all;
}

bool share(const view& a, const view& b) {
  const auto in_b = elements(b);
  for (const float* e : elements(a))
    if (in_b.count(e)) return true;
  return false;
}

// Every pair of blocks of a 3 x 5 matrix, row-major, column-major, and with an inner stride of 2.
TEST(overlap, is_exact_for_blocks_of_one_buffer) {
  std::vector<float> memory(40);
  for (const auto& [row_stride, col_stride] : {std::pair<index, index>{5, 1}, {1, 3}, {10, 2}}) {
    const view whole{memory.data(), 3, 5, row_stride, col_stride};
    std::vector<view> blocks;
    for (index r = 0; r < 3; ++r)
      for (index c = 0; c < 5; ++c)
        for (index rows = 0; r + rows <= 3; ++rows)
          for (index cols = 0; c + cols <= 5; ++cols)
            blocks.push_back(whole.block(r, c, rows, cols));
    for (const view& a : blocks)
      for (const view& b : blocks) ASSERT_EQ(heed::detail::overlap(a, b), share(a, b));
  }
}

// The same view from its other end: rows, columns or both in the opposite order.
std::vector<view> with_either_sign(const view& v) {
  std::vector<view> all;
  for (const bool rows : {false, true})
    for (const bool cols : {false, true}) {
      view same = v;
      if (rows) same = {&same(v.rows - 1, 0), v.rows, v.cols, -same.row_stride, same.col_stride};
      if (cols) same = {&same(0, v.cols - 1), v.rows, v.cols, same.row_stride, -same.col_stride};
      all.push_back(same);
    }
  return all;
}

TEST(overlap, is_exact_for_strides_of_either_sign) {
  std::vector<float> memory(40);
  for (const auto& [row_stride, col_stride] : {std::pair<index, index>{5, 1}, {1, 3}, {10, 2}}) {
    const view whole{memory.data(), 3, 4, row_stride, col_stride};
    for (index r = 0; r < 3; ++r)
      for (index c = 0; c < 4; ++c)
        for (const view& a : with_either_sign(whole.block(0, 0, 3 - r, 4 - c)))
          for (const view& b : with_either_sign(whole.block(r, c, 3 - r, 4 - c))) {
            ASSERT_EQ(heed::detail::overlap(a, b), share(a, b));
          }
  }
}

// Rows from the last to the first; the other view lies one row behind the first.
TEST(overlap, sees_what_lies_before_the_first_element) {
  std::vector<float> memory(12);
  const view down{memory.data() + 4, 2, 4, -4, 1};
  EXPECT_TRUE(heed::detail::overlap(down, view{memory.data(), 1, 4, 4, 1}));
  EXPECT_TRUE(heed::detail::overlap(view{memory.data(), 1, 4, 4, 1}, down));
  EXPECT_FALSE(heed::detail::overlap(down, view{memory.data() + 8, 1, 4, 4, 1}));
}

TEST(overlap, is_exact_for_interleaved_views) {
  std::vector<float> memory(40);
  const view even{memory.data(), 3, 5, 12, 2}, odd{memory.data() + 1, 3, 5, 12, 2};
  EXPECT_FALSE(heed::detail::overlap(even, odd));
  EXPECT_TRUE(heed::detail::overlap(even, view{memory.data() + 2, 3, 4, 12, 2}));
}

TEST(overlap, is_never_missed_where_strides_differ) {
  std::vector<float> memory(60);
  for (index offset = 0; offset < 30; ++offset)
    for (index row_stride = 1; row_stride < 6; ++row_stride)
      for (index col_stride = 1; col_stride < 6; ++col_stride) {
        const view a{memory.data() + 10, 3, 4, 4, 1},
            b{memory.data() + offset, 3, 3, row_stride, col_stride};
        if (share(a, b)) {
          ASSERT_TRUE(heed::detail::overlap(a, b));
          ASSERT_TRUE(heed::detail::overlap(b, a));
        }
      }
}

TEST(overlap, knows_views_apart) {
  std::vector<float> a(4);
  std::vector<double> b(4);
  EXPECT_FALSE(heed::detail::overlap(view{a.data(), 2, 2, 2, 1},
                                     heed::detail::view<double>{b.data(), 2, 2, 2, 1}));
}

}  // namespace
