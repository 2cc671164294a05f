// SPDX-License-Identifier: MIT
// Sums over the pairs that are not excluded, with numbers made by hand, in both layouts of a tile.
#include <heed/kernel/excluded_pairs.hpp>
#include <heed/storage/view.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Two queries and three keys: query 0 does not see key 1, query 1 sees no key but 1.
void expect_sums(const float (&scores)[6], heed::index query_stride, heed::index key_stride) {
  bool flags[6] = {};
  const heed::detail::excluded_pairs excluded{flags, query_stride, key_stride};
  excluded.note(scores, 2, 3);
  const float values[] = {1, 2, infinity, 4, 5, 6};  // (keys, features)
  const heed::detail::view<const float> v{values, 3, 2, 2, 1};
  float weights[6];
  for (heed::index i = 0; i < 2; ++i)
    for (heed::index j = 0; j < 3; ++j)
      weights[i * query_stride + j * key_stride] = float(10 * i + j + 1);
  EXPECT_EQ(excluded.sum(weights, 0, v, 0), 1 * 1 + 3 * 5);  // not NaN: key 1 is left out
  EXPECT_EQ(excluded.sum(weights, 0, v, 1), 1 * 2 + 3 * 6);
  EXPECT_EQ(excluded.sum(weights, 1, v, 0), infinity);
  EXPECT_EQ(excluded.sum(weights, 1, v, 1), 12 * 4);
}

TEST(excluded_pairs, sums_what_is_seen) {
  expect_sums({0, -infinity, 0, -infinity, 0, -infinity}, 3, 1);
  expect_sums({0, -infinity, -infinity, 0, 0, -infinity}, 1, 2);
}

TEST(excluded_pairs, a_low_score_is_not_excluded) {
  bool flags[2] = {true, true};
  const float scores[] = {std::numeric_limits<float>::lowest(), NAN};
  heed::detail::excluded_pairs{flags, 2, 1}.note(scores, 1, 2);
  EXPECT_FALSE(flags[0] || flags[1]);
}

}  // namespace
