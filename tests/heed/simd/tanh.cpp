// SPDX-License-Identifier: MIT
// The hyperbolic tangent against the standard library's.
#include <heed/simd/tanh.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>

namespace {

TEST(tanh, float_errs_by_at_most_6_ulp) {
  double worst = 0;
  for (std::uint32_t b = 0; b < 0x7f800000u; b += 97) {
    const auto x = std::bit_cast<float>(b);
    const double exact = std::tanh(double(x));
    const auto near = static_cast<float>(exact);
    const double ulp = near - std::nextafter(near, 0.0f);
    if (ulp > 0) worst = std::max(worst, std::abs(double(heed::detail::tanh(x)) - exact) / ulp);
    ASSERT_EQ(heed::detail::tanh(-x), -heed::detail::tanh(x));
    ASSERT_LE(heed::detail::tanh(x), 1.0f + 3e-7f);
  }
  EXPECT_LE(worst, 6);
}

TEST(tanh, edges) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(heed::detail::tanh(0.0f), 0);
  EXPECT_NEAR(heed::detail::tanh(infinity), 1, 2e-7);
  EXPECT_NEAR(heed::detail::tanh(-infinity), -1, 2e-7);
  EXPECT_TRUE(std::isnan(heed::detail::tanh(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace
