// SPDX-License-Identifier: MIT
// In which order decoding goes through keys and values, by hand.
#include <heed/kernel/decode/kv_stream.hpp>
#include <heed/kernel/tile.hpp>

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace heed::detail {
namespace {

// Two heads of width 3 in 7 rows; the number of row i in column j is 10 i + j.
struct call {
  using Scalar = float;
  matrix<float> numbers = matrix<float>(7, 6);
  view<const float> k, v;
  problem sizes{1, 7, 2, 2, 3, 3, 1, 7, 1, {}, {}, {}, {}};

  call() {
    for (index i = 0; i < 7; ++i)
      for (index j = 0; j < 6; ++j) numbers(i, j) = static_cast<float>(10 * i + j);
    k = v = view_of(std::as_const(numbers));
  }
};

// Head, row within the interval, first number and number of rows of each call.
using step = std::tuple<index, index, float, index>;

std::vector<step> steps(interval rows, index per_run, interval heads, index unwanted) {
  const call c;
  std::vector<step> taken;
  kv_stream<call>(c).for_each(
      c.k, rows, per_run, heads, [&](index kv) { return kv != unwanted; },
      [&](index kv, index row, const view<const float>& some, const fetch_ahead&) {
        EXPECT_EQ(some.cols, 3);
        taken.emplace_back(kv, row, some(0, 0), some.rows);
      });
  return taken;
}

TEST(kv_stream, gives_some_rows_of_every_head_after_each_other) {
  EXPECT_EQ(steps({1, 6}, 2, {0, 2}, -1), (std::vector<step>{{0, 0, 10, 2},
                                                             {1, 0, 13, 2},
                                                             {0, 2, 30, 2},
                                                             {1, 2, 33, 2},
                                                             {0, 4, 50, 1},
                                                             {1, 4, 53, 1}}));
  EXPECT_EQ(steps({0, 7}, 16, {1, 2}, -1), (std::vector<step>{{1, 0, 3, 7}}));
}

TEST(kv_stream, leaves_out_heads_that_are_not_wanted) {
  EXPECT_EQ(steps({5, 7}, 2, {0, 2}, 0), (std::vector<step>{{1, 0, 53, 2}}));
  EXPECT_TRUE(steps({5, 5}, 2, {0, 2}, -1).empty());
}

}  // namespace
}  // namespace heed::detail
