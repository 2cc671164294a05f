// SPDX-License-Identifier: MIT
// 4^x against the standard library's, in every lane.
#include <heed/simd/exp4.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <limits>

namespace {

template <class Scalar>
struct lanes {
  Scalar x[static_cast<std::size_t>(heed::detail::simd<Scalar>::size)];
};

// 2^x, as 4^(x / 2).
template <class Scalar>
Scalar one(Scalar x) {
  using s = heed::detail::simd<Scalar>;
  lanes<Scalar> l;
  s::store(l.x, heed::detail::exp4<Scalar>(s::broadcast(x / 2)));
  return l.x[s::size - 1];
}

// Error in units of the last place of the exact result.
double ulps(float got, double exact) {
  const auto near = static_cast<float>(exact);
  return std::abs(double(got) - exact) / double(std::nextafter(near, 4.0f) - near);
}

// The floats from 0 to `last`, with the given sign, `stride` bit patterns apart, in all lanes of a
// packet at a time; the largest error.
double sweep(float last, bool negative, std::uint32_t stride) {
  using s = heed::detail::simd<float>;
  double worst = 0;
  lanes<float> in{}, out;
  std::size_t filled = 0;
  for (std::uint32_t b = 0; b <= std::bit_cast<std::uint32_t>(last); b += stride) {
    in.x[filled++] = std::bit_cast<float>(b | (negative ? 0x80000000u : 0u));
    if (filled < std::size(in.x)) continue;
    s::store(out.x, heed::detail::exp4<float>(s::multiply(s::load(in.x), s::broadcast(0.5f))));
    for (std::size_t i = 0; i < filled; ++i)
      worst = std::max(worst, ulps(out.x[i], std::exp2(double(in.x[i]))));
    filled = 0;
  }
  return worst;
}

// About 2^31 floats lie between -126 and 1. HEED_TEST_EVERY_FLOAT in the environment tries them
// all.
TEST(exponential, float_errs_by_at_most_1_5_ulp) {
  const std::uint32_t stride = std::getenv("HEED_TEST_EVERY_FLOAT") != nullptr ? 1 : 61;
  const double worst = std::max(sweep(126, true, stride), sweep(1, false, stride));
  EXPECT_LE(worst, 1.5);
  std::cout << "worst error: " << worst << " ulp, of every " << stride << "th float\n";
}

// What rounding does to the order is no more than what it does to the values.
TEST(exponential, never_falls_by_more_than_2_ulp_as_x_rises) {
  float before = 0;
  for (float x = -126; x < 1; x += 0x1p-12f) {
    const float now = one(x);
    EXPECT_GE(now, before * (1 - 0x1p-22f)) << x;
    before = now;
  }
}

TEST(exponential, double_errs_by_little) {
  double worst = 0;
  for (double x = -1021.9; x < 1; x += 0.000737)
    worst = std::max(worst, std::abs(one(x) / std::exp2(x) - 1));
  EXPECT_LE(worst, 2 * std::numeric_limits<double>::epsilon());
}

template <class Scalar>
void at_the_edges() {
  constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  EXPECT_EQ(one(Scalar(0)), 1);
  EXPECT_EQ(one(Scalar(-0.0)), 1);
  EXPECT_EQ(one(Scalar(1)), 2);
  for (int n = -100; n < 0; ++n) EXPECT_EQ(one(Scalar(n)), std::ldexp(Scalar(1), n)) << n;
  EXPECT_EQ(one(-infinity), 0);
  EXPECT_EQ(one(std::numeric_limits<Scalar>::lowest()), 0);
  EXPECT_EQ(one(Scalar(-5000)), 0);
  EXPECT_TRUE(std::isnan(one(std::numeric_limits<Scalar>::quiet_NaN())));
}
TEST(exponential, edges) {
  at_the_edges<float>();
  at_the_edges<double>();
}

}  // namespace
