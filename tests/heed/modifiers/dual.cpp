// SPDX-License-Identifier: MIT
#include "support/central_difference.hpp"

#include <heed/modifiers/dual.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>

namespace heed {
namespace {

TEST(dual, carries_the_derivative_of_products_and_quotients) {
  const dual<double> x(3, 1);
  const auto y = x * x;
  EXPECT_EQ(y.value, 9);
  EXPECT_EQ(y.slope, 6);
  const auto z = 1 / x;
  EXPECT_EQ(z.value, 1. / 3);
  EXPECT_DOUBLE_EQ(z.slope, -1. / 9);
  EXPECT_EQ((2 - x).slope, -1);
  EXPECT_EQ((-x).slope, -1);
  dual<double> sum = x;
  sum += 2;
  sum *= x;
  EXPECT_EQ(sum.value, 15);
  EXPECT_EQ(sum.slope, 8);
}

TEST(dual, is_calculated_with_in_the_type_of_plain_numbers) {
  const dual<float> x(3, 1);
  static_assert(std::is_same_v<decltype(x * 2.0), dual<double>>);
  static_assert(std::is_same_v<decltype(x * 2), dual<float>>);
  static_assert(std::is_same_v<decltype(x * dual<double>()), dual<double>>);
}

TEST(dual, is_compared_by_its_value) {
  const dual<float> x(3, 1), y(3, 2);
  EXPECT_TRUE(x == y && x <= y && x >= 3 && x < 4.5 && 4 > x);
  EXPECT_FALSE(x < y || x > y || x == 4);
  const auto rectified = x > 0 ? x : 0;
  EXPECT_EQ(rectified.slope, 1);
}

TEST(dual, goes_through_functions) {
  const auto same = [](const auto& f) {
    for (double at : {0.3, 1.7}) {
      Eigen::MatrixXd x = Eigen::MatrixXd::Constant(1, 1, at);
      const auto want = support::central_differences(x, [&] { return f(x(0, 0)); })(0, 0);
      const auto is = f(dual<double>(at, 1));
      EXPECT_EQ(is.value, f(at));
      EXPECT_NEAR(is.slope, want, 1e-9 * std::abs(want) + 1e-9);
    }
  };
  // clang-format off
  same([](auto x) { using std::exp; return exp(x); });
  same([](auto x) { using std::log; return log(x); });
  same([](auto x) { using std::log1p; return log1p(x); });
  same([](auto x) { using std::sqrt; return sqrt(x); });
  same([](auto x) { using std::tanh; return tanh(x); });
  same([](auto x) { using std::sin; return sin(x); });
  same([](auto x) { using std::cos; return cos(x); });
  same([](auto x) { using std::abs; return abs(x); });
  same([](auto x) { using std::abs; return abs(-x); });
  same([](auto x) { using std::pow; return pow(x, 2.5); });
  // clang-format on
}

}  // namespace
}  // namespace heed
