// SPDX-License-Identifier: MIT
#include <heed/simd/normal_tails.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

float tails(float x) {
  using s = heed::detail::simd<float>;
  alignas(64) float lanes[16];
  s::store(lanes, heed::detail::normal_tails(s::broadcast(x)));
  return lanes[0];
}

TEST(normal_tails, are_those_of_tables) {
  EXPECT_EQ(tails(0), 1);
  EXPECT_NEAR(tails(1), 0.3173105078629141, 1e-7);
  EXPECT_NEAR(tails(2), 0.0455002638963584, 3e-8);
}

TEST(normal_tails, are_erfc) {
  for (int i = 0; i <= 6000; ++i) {
    const float x = float(i) / 1000;
    const double want = std::erfc(double(x) / std::sqrt(2.0));
    ASSERT_NEAR(double(tails(x)) / want, 1, x <= 1 ? 2e-7 : x <= 3 ? 1e-6 : 4e-6) << x;
  }
}

TEST(normal_tails, become_0) {
  for (float x = 6; x < 1e38f; x *= 1.1f) EXPECT_LE(tails(x), 2e-9f) << x;
  EXPECT_EQ(tails(20), 0);
  EXPECT_EQ(tails(std::numeric_limits<float>::infinity()), 0);
}

}  // namespace
