// SPDX-License-Identifier: MIT
// A choice by bits, which no number upsets.
#include <heed/simd/choose.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

template <class Scalar>
class choose : public testing::Test {};
using scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(choose, scalars);

TYPED_TEST(choose, gives_the_first_or_the_second) {
  constexpr auto nan = std::numeric_limits<TypeParam>::quiet_NaN();
  EXPECT_EQ(heed::detail::choose(true, TypeParam(1), nan), 1);
  EXPECT_EQ(heed::detail::choose(false, nan, TypeParam(-2)), -2);
  EXPECT_TRUE(std::signbit(heed::detail::choose(true, TypeParam(-0.0), TypeParam(0))));
}

TYPED_TEST(choose, keeps_excluded_what_was_excluded) {
  constexpr auto infinity = std::numeric_limits<TypeParam>::infinity();
  EXPECT_EQ(heed::detail::keep_excluded(-infinity, TypeParam(3)), -infinity);
  EXPECT_EQ(heed::detail::keep_excluded(-infinity, infinity), -infinity);
  EXPECT_EQ(heed::detail::keep_excluded(TypeParam(-1e30), TypeParam(3)), 3);
  EXPECT_EQ(heed::detail::keep_excluded(infinity, TypeParam(3)), 3);
  EXPECT_TRUE(std::isnan(heed::detail::keep_excluded(TypeParam(1), infinity - infinity)));
}

}  // namespace
