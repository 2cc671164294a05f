// SPDX-License-Identifier: MIT
// What goes with what: the table of the stored types, pair by pair.
#include <heed/storage/storage_traits.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using Eigen::bfloat16;
using Eigen::half;
using heed::detail::goes_with;

TEST(storage_traits, sums_are_formed_in) {
  EXPECT_TRUE((std::is_same_v<heed::accumulator_t<float>, float>));
  EXPECT_TRUE((std::is_same_v<heed::accumulator_t<double>, double>));
  EXPECT_TRUE((std::is_same_v<heed::accumulator_t<half>, float>));
  EXPECT_TRUE((std::is_same_v<heed::accumulator_t<bfloat16>, float>));
  EXPECT_TRUE((std::is_same_v<heed::accumulator_t<std::int8_t>, float>));
  EXPECT_TRUE((std::is_same_v<heed::accumulator_t<int>, int>));
}

TEST(storage_traits, queries_are_of) {
  EXPECT_TRUE(heed::detail::attention_scalar<float> && heed::detail::attention_scalar<double> &&
              heed::detail::attention_scalar<half> && heed::detail::attention_scalar<bfloat16>);
  EXPECT_FALSE(heed::detail::attention_scalar<std::int8_t> || heed::detail::attention_scalar<int>);
}

TEST(storage_traits, queries_go_with_keys) {
  EXPECT_TRUE((goes_with<float, float> && goes_with<float, half> && goes_with<float, bfloat16> &&
               goes_with<float, std::int8_t>));
  EXPECT_TRUE((goes_with<half, half> && goes_with<half, std::int8_t>));
  EXPECT_TRUE((goes_with<bfloat16, bfloat16> && goes_with<bfloat16, std::int8_t>));
  EXPECT_TRUE((goes_with<double, double>));
  EXPECT_FALSE(
      (goes_with<double, float> || goes_with<float, double> || goes_with<double, std::int8_t>));
  EXPECT_FALSE((goes_with<half, bfloat16> || goes_with<half, float> || goes_with<bfloat16, half>));
}

}  // namespace
