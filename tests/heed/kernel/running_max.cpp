// SPDX-License-Identifier: MIT
// The running max by hand: multiples of a half, powers of 4, and numbers far from 0.
#include <heed/kernel/running_max.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heed::detail {
namespace {

template <class Scalar>
struct running_max_of : testing::Test {
  using vectors = simd<Scalar>;
  using rules = running_max<Scalar>;
  static constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  // From this number on, scores are not rounded: 2^20 and 2^49.
  static constexpr Scalar large =
      sizeof(Scalar) == 4 ? Scalar(1 << 20) : Scalar(std::int64_t(1) << 49);

  static Scalar first(const typename vectors::packet& p) {
    Scalar lanes[static_cast<std::size_t>(vectors::size)];
    vectors::store(lanes, p);
    return lanes[0];
  }
  static Scalar rounded(Scalar x) { return first(rules::rounded_to_halves(vectors::broadcast(x))); }
  static Scalar rescale(Scalar from, Scalar to) {
    return first(rules::rescale(vectors::broadcast(from), vectors::broadcast(to)));
  }
};
using scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(running_max_of, scalars);

TYPED_TEST(running_max_of, rounds_to_halves) {
  using of = running_max_of<TypeParam>;
  EXPECT_EQ(of::rounded(0), 0);
  EXPECT_EQ(of::rounded(TypeParam(0.2)), 0);
  EXPECT_EQ(of::rounded(TypeParam(0.3)), TypeParam(0.5));
  EXPECT_EQ(of::rounded(TypeParam(-0.3)), TypeParam(-0.5));
  EXPECT_EQ(of::rounded(TypeParam(7.8)), 8);
  EXPECT_EQ(of::rounded(TypeParam(-1000.6)), TypeParam(-1000.5));
  EXPECT_EQ(of::rounded(TypeParam(0.25)), 0);  // a tie goes to the even multiple
  EXPECT_EQ(of::rounded(TypeParam(0.75)), 1);
  const TypeParam beyond = of::large + TypeParam(0.125);
  EXPECT_EQ(of::rounded(beyond), beyond);
  EXPECT_EQ(of::rounded(-of::infinity), -of::infinity);
  EXPECT_EQ(of::rounded(of::infinity), of::infinity);
}

TYPED_TEST(running_max_of, rescales_by_powers_of_4) {
  using of = running_max_of<TypeParam>;
  EXPECT_EQ(of::rescale(3, 3), 1);
  EXPECT_EQ(of::rescale(1, 2), TypeParam(0.25));
  EXPECT_EQ(of::rescale(TypeParam(-0.5), TypeParam(0.5)), TypeParam(0.25));
  EXPECT_EQ(of::rescale(1, TypeParam(2.5)), TypeParam(0.125));
  EXPECT_EQ(of::rescale(0, 10000), 0);
  EXPECT_EQ(of::rescale(-of::infinity, 5), 0);
  EXPECT_EQ(of::rescale(-of::infinity, -of::infinity), 0);  // nothing has been seen
}

// max 1/2 and 4^(0.3 - 0.5), or max 0 and 4^0.2: together 4^score.
TYPED_TEST(running_max_of, of_one_score) {
  using of = running_max_of<TypeParam>;
  const double u = double(std::numeric_limits<TypeParam>::epsilon());
  for (const double score : {0.3, 0.2, -2.7, 12.0, 0.0}) {
    const auto one = of::rules::of_one(TypeParam(score));
    EXPECT_EQ(of::first(one.max), of::rounded(TypeParam(score)));
    const double sum = double(of::first(one.sum));
    EXPECT_NEAR(sum * std::pow(4, double(of::first(one.max))), std::pow(4, score),
                8 * u * std::pow(4, score) * (1 + std::abs(score)));
  }
  const auto far = of::rules::of_one(of::large * 3);
  EXPECT_EQ(of::first(far.max), of::large * 3);
  EXPECT_EQ(of::first(far.sum), 1);
  EXPECT_EQ(of::first(of::rules::of_one(-of::infinity).sum), 0);
}

// Two packets: the max of the first is far from 0, so that its scores become differences; those of the
// second stay as they are.
TYPED_TEST(running_max_of, takes_scores_relative_to_a_max_far_from_0) {
  using of = running_max_of<TypeParam>;
  using packets = simd<TypeParam>;
  constexpr auto size = static_cast<std::size_t>(packets::size);
  TypeParam scores[2 * size];
  packets::store(scores, packets::broadcast(of::large * 2 - 3));
  packets::store(scores + size, packets::broadcast(5));
  const typename packets::packet largest[] = {packets::broadcast(of::large * 2),
                                              packets::broadcast(7)};
  const auto from = of::rules::prepare(largest, scores, 1, 0);
  EXPECT_EQ(scores[0], -3);
  EXPECT_EQ(scores[size], 5);
  typename packets::packet e[] = {packets::load(scores), packets::load(scores + size)};
  exp4_in_place<TypeParam>(e, from.of);
  EXPECT_EQ(of::first(e[0]), TypeParam(1. / 64));
  EXPECT_EQ(of::first(e[1]), TypeParam(1. / 16));
}

}  // namespace
}  // namespace heed::detail
