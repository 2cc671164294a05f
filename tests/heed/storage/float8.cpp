// SPDX-License-Identifier: MIT
#include <heed/storage/float8.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace heed::detail {
namespace {

// From the tables of the paper.
TEST(Float8, E4m3) {
  EXPECT_EQ(float_of_e4m3(0x00), 0);
  EXPECT_TRUE(std::signbit(float_of_e4m3(0x80)));
  EXPECT_EQ(float_of_e4m3(0x01), std::ldexp(1.0f, -9));  // the smallest subnormal
  EXPECT_EQ(float_of_e4m3(0x07), std::ldexp(7.0f, -9));  // the largest
  EXPECT_EQ(float_of_e4m3(0x08), std::ldexp(1.0f, -6));  // the smallest normal
  EXPECT_EQ(float_of_e4m3(0x38), 1);
  EXPECT_EQ(float_of_e4m3(0x39), 1.125f);
  EXPECT_EQ(float_of_e4m3(0xC0), -2);
  EXPECT_EQ(float_of_e4m3(0x7E), 448);
  EXPECT_TRUE(std::isnan(float_of_e4m3(0x7F)));
  EXPECT_TRUE(std::isnan(float_of_e4m3(0xFF)));
}

TEST(Float8, E5m2) {
  EXPECT_EQ(float_of_e5m2(0x00), 0);
  EXPECT_EQ(float_of_e5m2(0x01), std::ldexp(1.0f, -16));
  EXPECT_EQ(float_of_e5m2(0x04), std::ldexp(1.0f, -14));
  EXPECT_EQ(float_of_e5m2(0x3C), 1);
  EXPECT_EQ(float_of_e5m2(0xBD), -1.25f);
  EXPECT_EQ(float_of_e5m2(0x7B), 57344);
  EXPECT_EQ(float_of_e5m2(0x7C), HUGE_VALF);
  EXPECT_EQ(float_of_e5m2(0xFC), -HUGE_VALF);
  EXPECT_TRUE(std::isnan(float_of_e5m2(0x7D)));
}

}  // namespace
}  // namespace heed::detail
