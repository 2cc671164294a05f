// SPDX-License-Identifier: MIT
// The logistic function in vectors: numbers by hand, and against double.
#include <heed/simd/sigmoid.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heed::detail {
namespace {

// Of a number in every lane; all lanes must agree.
template <class Scalar>
Scalar one(Scalar x) {
  using s = simd<Scalar>;
  Scalar lanes[static_cast<std::size_t>(s::size)];
  s::store(lanes, sigmoid<Scalar>(s::broadcast(x)));
  for (const Scalar lane : lanes) {
    EXPECT_TRUE(exactly_equal(lane, lanes[0]) || std::isnan(lane));
  }
  return lanes[0];
}

template <class Scalar>
void by_hand() {
  constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  const auto log_3 = static_cast<Scalar>(1.0986122886681098);
  const Scalar u = std::numeric_limits<Scalar>::epsilon();
  EXPECT_EQ(one(Scalar(0)), Scalar(0.5));
  EXPECT_NEAR(one(log_3), Scalar(0.75), 2 * u);   // 3 / (1 + 3)
  EXPECT_NEAR(one(-log_3), Scalar(0.25), 2 * u);  // 1 / (1 + 3)
  EXPECT_EQ(one(infinity), Scalar(1));
  EXPECT_EQ(one(-infinity), Scalar(0));
  EXPECT_EQ(one(std::numeric_limits<Scalar>::max()), Scalar(1));
  EXPECT_EQ(one(std::numeric_limits<Scalar>::lowest()), Scalar(0));
  EXPECT_TRUE(std::isnan(one(std::numeric_limits<Scalar>::quiet_NaN())));
}
TEST(sigmoid, by_hand_in_float) { by_hand<float>(); }
TEST(sigmoid, by_hand_in_double) { by_hand<double>(); }

// log4(e) is rounded and so is x log4(e), each of which changes the exponential by |x| u of itself; the
// exponential, the sum and the quotient are good for a few u more.
TEST(sigmoid, keeps_the_digits_of_small_results) {
  const double u = double(std::numeric_limits<float>::epsilon()) / 2;
  for (double x = -86; x < 40; x += 0.1171875) {
    const double want = 1 / (1 + std::exp(-x));
    EXPECT_NEAR(double(one(float(x))), want, (2 * std::abs(x) + 6) * u * want) << x;
  }
}

}  // namespace
}  // namespace heed::detail
