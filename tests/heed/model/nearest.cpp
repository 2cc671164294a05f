// SPDX-License-Identifier: MIT
#include "support/refusal.hpp"

#include <heed/model/nearest.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace {

using neighbours = std::vector<heed::neighbour>;

heed::matrix<float> five_rows() {
  heed::matrix<float> rows(5, 2);
  rows << 1, 0, 0, 1, 0.5f, 0.5f, 1, 0, -1, 0;
  return rows;
}

TEST(nearest, gives_the_best_first_and_the_lower_row_of_equal_ones) {
  const Eigen::RowVector2f to(2, 1);
  EXPECT_EQ(heed::nearest(five_rows(), to, 3), (neighbours{{0, 2}, {3, 2}, {2, 1.5f}}));
  EXPECT_EQ(heed::nearest(five_rows(), Eigen::Vector2f(to), 9),
            (neighbours{{0, 2}, {3, 2}, {2, 1.5f}, {1, 1}, {4, -2}}));
  EXPECT_TRUE(heed::nearest(five_rows(), to, 0).empty());
  EXPECT_TRUE(heed::nearest(heed::matrix<float>(0, 2), to, 3).empty());
}

TEST(nearest, leaves_out_scores_that_are_no_number) {
  heed::matrix<float> rows = five_rows();
  rows(0, 1) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(heed::nearest(rows, Eigen::RowVector2f(2, 1), 2), (neighbours{{3, 2}, {2, 1.5f}}));
}

TEST(nearest, refuses_another_width_and_a_negative_count) {
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [] { (void)heed::nearest(five_rows(), Eigen::RowVector3f(1, 2, 3), 1); }),
            "heed::nearest: the vector has 3 elements, but vectors are 5x2 (rows x width)");
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [] { (void)heed::nearest(five_rows(), Eigen::RowVector2f(1, 2), -1); }),
            "heed::nearest: count is -1; it may not be negative");
}

}  // namespace
