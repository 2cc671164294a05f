// SPDX-License-Identifier: MIT
// ALiBi's slopes, as the paper prints them.
#include <heed/modifiers/scores/alibi.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

TEST(alibi, eight_heads_halve_from_a_half) {
  for (int h = 0; h < 8; ++h) EXPECT_DOUBLE_EQ(heed::alibi_slope(h, 8), std::ldexp(1.0, -(h + 1)));
}

TEST(alibi, sixteen_heads_fill_in_between) {
  EXPECT_DOUBLE_EQ(heed::alibi_slope(0, 16), 1 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(heed::alibi_slope(1, 16), 0.5);
  EXPECT_DOUBLE_EQ(heed::alibi_slope(15, 16), 1.0 / 256);
}

TEST(alibi, twelve_heads_are_eight_and_every_other_of_sixteen) {
  for (int h = 0; h < 8; ++h) EXPECT_DOUBLE_EQ(heed::alibi_slope(h, 12), heed::alibi_slope(h, 8));
  for (int h = 8; h < 12; ++h)
    EXPECT_DOUBLE_EQ(heed::alibi_slope(h, 12), heed::alibi_slope(2 * (h - 8), 16));
}

}  // namespace
