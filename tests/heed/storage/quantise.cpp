// SPDX-License-Identifier: MIT
// Rounding to 8-bit integers, by hand. Layouts and errors are in quantised.cpp.
#include "support/refusal.hpp"

#include <heed/storage/quantise.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heed {
namespace {

using integers = matrix<std::int8_t>;

TEST(quantise, makes_the_largest_of_a_head_127) {
  matrix<float> x(2, 6), scales(2, 2);
  x << 127, -63, 1.4f, -254, 3, 0,  // scales 1 and 2
      0, 0, 0, 0.5f, 0.25f, -0.5f;  // 0 and 1/254
  integers numbers(2, 6), want(2, 6);
  heed::quantise(x, numbers, scales);
  want << 127, -63, 1, -127, 2, 0,  // 1.5 is a tie, and becomes even
      0, 0, 0, 127, 64, -127;       // so is 63.5
  EXPECT_EQ(numbers.cast<int>(), want.cast<int>());
  EXPECT_EQ(scales(0, 0), 1);
  EXPECT_EQ(scales(0, 1), 2);
  EXPECT_EQ(scales(1, 0), 0);
  EXPECT_EQ(scales(1, 1), 0.5f / 127);
}

TEST(quantise, of_what_is_not_finite_is_nan) {
  matrix<float> x(1, 4), scales(1, 2);
  x << 1, std::numeric_limits<float>::infinity(), 127, 1;
  integers numbers(1, 4);
  heed::quantise(x, numbers, scales);
  EXPECT_TRUE(std::isnan(scales(0, 0)));
  EXPECT_EQ(scales(0, 1), 1);
  EXPECT_EQ(int(numbers(0, 2)), 127);
}

TEST(quantise, of_the_largest_floats_stays_finite) {
  matrix<float> x(1, 2), scales(1, 1);
  x << std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest();
  integers numbers(1, 2);
  heed::quantise(x, numbers, scales);
  const quantised rows(numbers, scales);
  EXPECT_EQ(int(numbers(0, 0)), 127);
  EXPECT_EQ(int(numbers(0, 1)), -127);
  EXPECT_TRUE(std::isfinite(rows(0, 0)));
}

TEST(quantise, refuses_what_does_not_fit) {
  const matrix<float> x = matrix<float>::Zero(2, 6);
  integers numbers(2, 6), few(1, 6);
  matrix<float> scales(2, 2), four(2, 4);
  EXPECT_EQ(
      support::refusal([&] { heed::quantise(x, few, scales); }),
      "heed::quantise: x is 2x6, numbers are 1x6, scales are 2x2; numbers must be as many as x "
      "has, scales a row a row and a column a head");
  EXPECT_NE(support::refusal([&] { heed::quantise(x, numbers, four); }), "accepted");
}

}  // namespace
}  // namespace heed
