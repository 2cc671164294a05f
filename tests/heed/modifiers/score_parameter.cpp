// SPDX-License-Identifier: MIT
// Scores on their way into rules of other types and back.
#include <heed/modifiers/score_parameter.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace {

using heed::detail::score_by;

TEST(score_parameter, a_score_takes_the_type_that_the_rule_has) {
  const heed::at place{};
  EXPECT_EQ(score_by([](double s, heed::at) { return s / 2; }, 3.0f, place), 1.5f);
  EXPECT_EQ(score_by([](auto s, heed::at) { return s + 1; }, 3.0, place), 4.0);
  EXPECT_EQ(score_by([](float s, const heed::at&) { return s; }, 0.1, place), double(0.1f));
}

TEST(score_parameter, a_finite_score_stays_finite) {
  constexpr auto most = std::numeric_limits<float>::max();
  const heed::at place{};
  EXPECT_EQ(score_by([](float s, heed::at) { return s; }, 1e300, place), double(most));
  EXPECT_EQ(score_by([](float, heed::at) { return -1e300; }, 1.0f, place), -most);
}

}  // namespace
