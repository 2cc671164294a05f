// SPDX-License-Identifier: MIT
// How weights begin: the same numbers from the same seed, as widely spread as they should be.
#include <heed/layer/initialise.hpp>

#include <gtest/gtest.h>

namespace heed::detail {
namespace {

template <class Fill>
matrix<double> filled(index rows, index cols, const Fill& fill) {
  matrix<double> weight(rows, cols);
  fill(weight);
  return weight;
}
matrix<double> glorot(index rows, index cols, std::uint64_t seed) {
  return filled(rows, cols, [&](auto& w) { fill_glorot(w, seed); });
}
matrix<double> normal(index rows, index cols, double deviation, std::uint64_t seed) {
  return filled(rows, cols, [&](auto& w) { fill_normal(w, deviation, seed); });
}

// √(6 / (2 + 4)) is 1, and √(6 / (20 + 4)) is 1/2: an element depends on its place alone.
TEST(initialise, glorot_by_hand) {
  const matrix<double> small = glorot(2, 4, 7), tall = glorot(20, 4, 7);
  for (index i = 0; i < 2; ++i)
    for (index j = 0; j < 4; ++j) {
      EXPECT_EQ(small(i, j), 2 * unit(element_words(i, j, 7)[0]) - 1);
      EXPECT_EQ(tall(i, j), small(i, j) / 2);
    }
  EXPECT_EQ(element_words(2, 3, 7), philox({3, 2, 0, 0}, 7));
  EXPECT_NE(small(0, 1), small(1, 0));
  EXPECT_NE(small, glorot(2, 4, 8));
}

// The mean of n uniform numbers on ±b deviates by b / √(3 n), their mean square is b² / 3; of normal
// numbers, d / √n and d². Five deviations are allowed.
TEST(initialise, is_spread_as_it_should_be) {
  const matrix<double> uniform = glorot(200, 400, 1);
  const double bound = 0.1, n = 80000;  // √(6 / 600)
  EXPECT_LE(uniform.cwiseAbs().maxCoeff(), bound);
  EXPECT_GT(uniform.cwiseAbs().maxCoeff(), 0.999 * bound);
  EXPECT_NEAR(uniform.mean(), 0, 5 * bound / std::sqrt(3 * n));
  EXPECT_NEAR(uniform.cwiseAbs2().mean(), bound * bound / 3, 5 * bound * bound / std::sqrt(n));
  const matrix<double> gauss = normal(200, 400, 0.02, 1);
  EXPECT_NEAR(gauss.mean(), 0, 5 * 0.02 / std::sqrt(n));
  EXPECT_NEAR(gauss.cwiseAbs2().mean(), 0.0004, 5 * 0.0004 * std::sqrt(2 / n));
  // 4.55 % lie beyond two deviations.
  EXPECT_NEAR((gauss.array().abs() > 0.04).cast<double>().mean(), 0.0455,
              5 * std::sqrt(0.0455 / n));
}

TEST(initialise, normal_scales_with_the_deviation) {
  EXPECT_EQ(normal(3, 4, 2, 5), 2 * normal(3, 4, 1, 5));
  EXPECT_EQ(normal(3, 4, 1, 5), normal(9, 4, 1, 5).topRows(3));
}

}  // namespace
}  // namespace heed::detail
