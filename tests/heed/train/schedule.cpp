// SPDX-License-Identifier: MIT
// Rates by hand.
#include <heed/train/schedule.hpp>

#include <gtest/gtest.h>

namespace {

TEST(schedule, constant_after_a_rise) {
  const heed::constant_rate rate{.peak = 8, .warm_up = 4};
  EXPECT_EQ(rate(0), 2);
  EXPECT_EQ(rate(2), 6);
  EXPECT_EQ(rate(3), 8);
  EXPECT_EQ(rate(1000), 8);
  EXPECT_EQ((heed::constant_rate{.peak = 8}(0)), 8);
}

// After two steps of rise four are left; a third of the way is step 2 + 4 / 3, halfway is step 4.
TEST(schedule, half_a_cosine_after_a_rise) {
  const heed::cosine_rate rate{.peak = 10, .lowest = 2, .steps = 6, .warm_up = 2};
  EXPECT_EQ(rate(0), 5);
  EXPECT_EQ(rate(1), 10);
  EXPECT_DOUBLE_EQ(rate(2), 10);
  EXPECT_DOUBLE_EQ(rate(3), 2 + 8 * (1 + std::sqrt(0.5)) / 2);
  EXPECT_DOUBLE_EQ(rate(4), 6);
  EXPECT_DOUBLE_EQ(rate(6), 2);
  EXPECT_DOUBLE_EQ(rate(60), 2);
}

}  // namespace
