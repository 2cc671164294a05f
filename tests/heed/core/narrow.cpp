// SPDX-License-Identifier: MIT
// Conversion that keeps finite numbers finite.
#include <heed/core/narrow.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

using heed::detail::narrowed;
constexpr float most = std::numeric_limits<float>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(narrow, keeps_what_fits) {
  EXPECT_EQ(narrowed<float>(0.1), 0.1f);
  EXPECT_EQ(narrowed<float>(-3), -3.0f);
  EXPECT_EQ(narrowed<double>(most), static_cast<double>(most));
  EXPECT_EQ(narrowed<float>(1e-300), 0.0f);
  EXPECT_EQ(narrowed<heed::index>(7), 7);
}

TEST(narrow, keeps_finite_numbers_finite) {
  EXPECT_EQ(narrowed<float>(1e300), most);
  EXPECT_EQ(narrowed<float>(std::numeric_limits<double>::lowest()), -most);
  EXPECT_EQ(static_cast<float>(narrowed<Eigen::half>(1e5f)), 65504.0f);
  EXPECT_EQ(static_cast<float>(narrowed<Eigen::half>(-1e300)), -65504.0f);
}

TEST(narrow, keeps_what_is_not_finite) {
  EXPECT_EQ(narrowed<float>(infinity), std::numeric_limits<float>::infinity());
  EXPECT_EQ(narrowed<float>(-infinity), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(narrowed<float>(std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace
