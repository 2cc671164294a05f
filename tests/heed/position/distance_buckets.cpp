// SPDX-License-Identifier: MIT
// Buckets of distances, counted by hand from the paper's formula.
#include "support/refusal.hpp"

#include <heed/position/distance_buckets.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using heed::distance_buckets;
using heed::index;
using support::refusal;

std::vector<index> of(const distance_buckets& buckets, const std::vector<index>& distances) {
  std::vector<index> found;
  for (const index d : distances) found.push_back(buckets.of(d));
  return found;
}

// 16 buckets a side, 8 of them for one distance each; then 8 + ⌊8 ln(d / 8) / ln 16⌋: 8 up to 11, since
// 12 = 8 * 16^(1.17 / 8); 16 begins bucket 10, 32 bucket 12, 64 bucket 14, and 128 would begin 16.
TEST(distance_buckets, of_both_sides) {
  const distance_buckets buckets{.count = 32, .reach = 128};
  EXPECT_EQ(of(buckets, {0, -1, -7, -8, -11, -12, -16, -32, -64, -127, -128, -4000}),
            (std::vector<index>{0, 1, 7, 8, 8, 9, 10, 12, 14, 15, 15, 15}));
  EXPECT_EQ(of(buckets, {1, 7, 8, 11, 12, 16, 32, 64, 127, 128, 4000}),
            (std::vector<index>{17, 23, 24, 24, 25, 26, 28, 30, 31, 31, 31}));
}

TEST(distance_buckets, of_keys_before_the_query) {
  const distance_buckets buckets{32, 128, distance_buckets::sides::before};
  EXPECT_EQ(of(buckets, {5, 0, -1, -15, -16, -127, -128, -4000}),
            (std::vector<index>{0, 0, 1, 15, 16, 31, 31, 31}));
}

TEST(distance_buckets, spreads_a_table_over_distances) {
  heed::matrix<float> table(
      4, 2);  // two buckets a side: distance 0 or 1 has its own, all others the next
  table << 1, 10, 2, 20, 3, 30, 4, 40;
  const heed::matrix<double> spread = distance_buckets{.count = 4, .reach = 3}.spread(table);
  heed::matrix<double> expected(2, 7);  // distances -3 ... 3
  expected << 2, 2, 2, 1, 4, 4, 4, 20, 20, 20, 10, 40, 40, 40;
  EXPECT_EQ(spread, expected);
}

TEST(distance_buckets, gathers_what_distances_found) {
  heed::matrix<double> found(2, 7);  // distances -3 ... 3
  found << 1, 2, 3, 4, 5, 6, 7, 10, 0, 0, 0, 0, 0, 20;
  heed::matrix<double> expected(4, 2);
  expected << 4, 0, 1 + 2 + 3, 10, 0, 0, 5 + 6 + 7, 20;
  const distance_buckets buckets{.count = 4, .reach = 3};
  EXPECT_EQ(buckets.gather(found), expected);
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)buckets.gather(expected); }),
            "heed::distance_buckets: there are 2 distances, but reach is 3, which has 7");
}

TEST(distance_buckets, refuses_what_has_no_buckets) {
  const heed::matrix<float> table = heed::matrix<float>::Zero(8, 2);
  EXPECT_EQ(refusal<heed::shape_error>(
                [&] { (void)distance_buckets{.count = 8, .reach = 4}.spread(table); }),
            "heed::distance_buckets: count is 8, reach is 4; count must be at least 4, and reach "
            "larger than half of count");
  EXPECT_EQ(refusal<heed::shape_error>(
                [&] { (void)distance_buckets{.count = 32, .reach = 128}.spread(table); }),
            "heed::distance_buckets: the table has 8 rows, but count is 32");
}

}  // namespace
