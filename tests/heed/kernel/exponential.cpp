// SPDX-License-Identifier: MIT
// 2^x against the standard library's, in every lane.
#include <heed/kernel/exponential.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace {

template <class Scalar>
struct lanes {
  Scalar x[static_cast<std::size_t>(heed::simd<Scalar>::size)];
};

template <class Scalar>
Scalar one(Scalar x) {
  using s = heed::simd<Scalar>;
  lanes<Scalar> l;
  s::store(l.x, heed::exp2<Scalar>(s::broadcast(x)));
  return l.x[s::size - 1];
}

// Error in units of the last place of the exact result.
double ulps(float got, double exact) {
  const auto near = static_cast<float>(exact);
  return std::abs(got - exact) / (std::nextafter(near, 4.0f) - near);
}

// Every float from -126 to 1: about 2^31 patterns, of which each 61st is tried.
TEST(exponential, float_errs_by_at_most_1_5_ulp) {
  double worst = 0;
  const auto sweep = [&](float last, std::uint32_t sign) {
    for (std::uint32_t b = 0; b <= std::bit_cast<std::uint32_t>(last); b += 61) {
      const auto x = std::bit_cast<float>(b | sign);
      worst = std::max(worst, ulps(one(x), std::exp2(double(x))));
    }
  };
  sweep(126.0f, 0x80000000u);
  sweep(1.0f, 0);
  EXPECT_LE(worst, 1.5);
  RecordProperty("worst_ulp", std::to_string(worst));
  std::cout << "worst error: " << worst << " ulp\n";
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
