// SPDX-License-Identifier: MIT
#include <heed/kernel/backward/row_products.hpp>

#include <heed/core/scratch.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace heed::detail {
namespace {

using MatrixXf = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

// c += a b of small whole numbers, which are exact, for widths with and without an odd packet.
TEST(row_products, add_to_what_is_there) {
  for (const index width : {1, 3, 8, 17, 64}) {
    const auto whole = [](index rows, index cols) {
      return MatrixXf((MatrixXf::Random(rows, cols) * 5).array().round());
    };
    const MatrixXf a = whole(7, 10), b = whole(10, width), start = whole(7, width);
    scratch memory;
    scratch::frame frame(memory);
    const auto from = feature_rows<float>::in(frame, 10, width);
    const auto sum = feature_rows<float>::in(frame, 7, width);
    from.fill(view_of(b));
    for (const bool finite : {true, false}) {
      sum.fill(view_of(start));
      add_product(sum, 0, a_operand<float>{a.data(), 1, 7}, from, 0, 7, 10, finite);
      const MatrixXf want = start + a * b;
      for (index i = 0; i < 7; ++i)
        for (index f = 0; f < width; ++f) EXPECT_EQ(sum.rows(0, 7)(i, f), want(i, f));
    }
  }
}

TEST(row_products, leave_out_what_is_multiplied_by_0) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  scratch memory;
  scratch::frame frame(memory);
  const auto from = feature_rows<float>::in(frame, 2, 1),
             sum = feature_rows<float>::in(frame, 2, 1);
  MatrixXf b(2, 1), a(2, 2);
  b << 3, nan;
  a << 2, 0, 2, 1;
  from.fill(view_of(b));
  sum.clear(2);
  add_product(sum, 0, a_operand<float>{a.data(), 1, 2}, from, 0, 2, 2, false);
  EXPECT_EQ(sum.rows(0, 2)(0, 0), 6);
  EXPECT_TRUE(std::isnan(sum.rows(0, 2)(1, 0)));
}

TEST(row_products, are_given_by_rows_and_by_columns) {
  const heed::matrix<float> from = heed::matrix<float>::Constant(3, 20, 4);
  std::vector<float> room(60);
  heed::matrix<float> by_rows = heed::matrix<float>::Ones(3, 20);
  MatrixXf by_columns = MatrixXf::Ones(3, 20);
  give_rows(view_of(by_rows), view_of(from), 0.5f, true, room.data());
  give_rows(view_of(by_columns), view_of(from), 0.5f, true, room.data());
  EXPECT_EQ(by_rows, MatrixXf::Constant(3, 20, 3));
  EXPECT_EQ(by_columns, by_rows);
  give_rows(view_of(by_columns), view_of(from), 0.5f, false, room.data());
  EXPECT_EQ(by_columns, MatrixXf::Constant(3, 20, 2));
}

}  // namespace
}  // namespace heed::detail
