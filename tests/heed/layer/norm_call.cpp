// SPDX-License-Identifier: MIT
// What both normalisations share: layouts, places in memory, bits, and refusals.
#include "support/guarded.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/layer_norm.hpp>
#include <heed/layer/rms_norm.hpp>

#include <gtest/gtest.h>

namespace {

using Eigen::MatrixXd;
using heed::index;
using heed::layer_norm;
using heed::matrix;
using heed::rms_norm;
using support::guarded;
using support::layout;
using support::refusal;
using support::same_bits;

// The formulas in double, a head at a time.
template <class Scalar>
MatrixXd textbook(const layer_norm<Scalar>& norm, const MatrixXd& x) {
  const index width = norm.weight.size();
  MatrixXd y = x;
  for (index head = 0; head < x.cols(); head += width)
    for (index row = 0; row < x.rows(); ++row) {
      const Eigen::RowVectorXd part = x.row(row).segment(head, width);
      const double mean = part.sum() / double(width);
      const double variance = (part.array() - mean).square().sum() / double(width);
      for (index i = 0; i < width; ++i)
        y(row, head + i) =
            (part[i] - mean) / std::sqrt(variance + norm.epsilon) * double(norm.weight[i]) +
            (norm.bias.size() > 0 ? double(norm.bias[i]) : 0);
    }
  return y;
}
template <class Scalar>
MatrixXd textbook(const rms_norm<Scalar>& norm, const MatrixXd& x) {
  const index width = norm.weight.size();
  MatrixXd y = x;
  for (index head = 0; head < x.cols(); head += width)
    for (index row = 0; row < x.rows(); ++row) {
      const Eigen::RowVectorXd part = x.row(row).segment(head, width);
      const double size = std::sqrt(part.squaredNorm() / double(width) + norm.epsilon);
      for (index i = 0; i < width; ++i) y(row, head + i) = part[i] / size * double(norm.weight[i]);
    }
  return y;
}

template <class Norm>
Norm some_norm(index width) {
  Norm norm({.model = width});
  norm.weight.setRandom();
  if constexpr (requires { norm.bias; }) norm.bias.setRandom();
  return norm;
}

template <class Norm>
class norm_call : public testing::Test {};
using norms =
    testing::Types<layer_norm<float>, layer_norm<double>, rms_norm<float>, rms_norm<double>>;
TYPED_TEST_SUITE(norm_call, norms);

// The normed number, its product with the weight and the sum are rounded to Scalar, and everything before
// in double: y is off by two u of what is added to the bias and by one of itself, and double's own some
// hundred u for a mean of numbers that cancel.
TYPED_TEST(norm_call, is_the_formula_in_every_layout) {
  using Scalar = typename decltype(TypeParam::weight)::Scalar;
  const double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  const double of_double = 1000 * std::numeric_limits<double>::epsilon();
  for (const layout from : {layout::row_major, layout::column_major, layout::strided})
    for (const layout to : {layout::row_major, layout::column_major, layout::strided})
      for (const index rows : {0, 1, 5})
        for (const index width : {1, 2, 33})
          for (const index heads : {1, 3}) {
            const auto norm = some_norm<TypeParam>(width);
            guarded<Scalar> x_memory(rows, heads * width, from, 7),
                y_memory(rows, heads * width, to, 8);
            auto x = x_memory.matrix();
            auto y = y_memory.matrix();
            x.setRandom();
            const matrix<Scalar> before = x;
            norm(x, y);
            ASSERT_TRUE(x_memory.intact() && y_memory.intact());
            ASSERT_TRUE(same_bits(x, before));
            const MatrixXd want = textbook(norm, x.template cast<double>());
            for (index i = 0; i < want.size(); ++i) {
              const index row = i % rows, col = i / rows;
              const double bound = 3 * u * (std::abs(want(row, col)) + 2) + of_double;
              ASSERT_NEAR(double(y(row, col)), want(row, col), bound);
            }
            ASSERT_TRUE(same_bits(y, norm(before))) << "layouts change bits";
            norm(x, x);
            ASSERT_TRUE(same_bits(x, y)) << "in place";
            ASSERT_TRUE(x_memory.intact());
          }
}

TYPED_TEST(norm_call, rows_do_not_depend_on_each_other) {
  using Scalar = typename decltype(TypeParam::weight)::Scalar;
  const auto norm = some_norm<TypeParam>(48);
  const matrix<Scalar> x = matrix<Scalar>::Random(17, 48);
  const matrix<Scalar> y = norm(x);
  for (index i = 0; i < x.rows(); ++i) {
    const matrix<Scalar> row = x.row(i);
    ASSERT_TRUE(same_bits(norm(row), y.row(i)));
  }
}

TYPED_TEST(norm_call, refuses_what_does_not_fit) {
  using Scalar = typename decltype(TypeParam::weight)::Scalar;
  constexpr bool is_layer_norm = requires(TypeParam norm) { norm.bias; };
  const std::string name = is_layer_norm ? "heed::layer_norm" : "heed::rms_norm";
  const auto norm = some_norm<TypeParam>(4);
  const matrix<Scalar> x = matrix<Scalar>::Zero(3, 4), narrow = matrix<Scalar>::Zero(3, 6);
  matrix<Scalar> y(3, 4), turned(4, 3), both = matrix<Scalar>::Constant(3, 9, 5);
  EXPECT_EQ(refusal([&] { norm(narrow, y); }), name + ": x is 3x6, but the weight has 4 numbers");
  EXPECT_EQ(refusal([&] { norm(x, turned); }),
            name + ": y is 4x3, but it must be 3x4; y looks transposed");
  EXPECT_EQ(refusal([&] { norm(both.leftCols(4), both.middleCols(1, 4)); }),
            name + ": y (3x4) overlaps x (3x4) in memory");
  EXPECT_EQ(both, (matrix<Scalar>::Constant(3, 9, 5)));
  EXPECT_EQ(refusal([&] { norm(both.leftCols(4), both.rightCols(4)); }), "accepted");
  EXPECT_EQ(refusal([&] { TypeParam()(x, y); }), name + ": x is 3x4, but the weight has 0 numbers");
}

// By hand: (r + 1) (1 + 2 + ... + n), of numbers next to each other and of every third, and an order in which ones are
// lost one by one beside 2^53.
TEST(norm_call, sums_rows) {
  const auto sum = [](std::size_t, double a, double b) { return a + b; };
  heed::matrix<float> spread = heed::matrix<float>::Constant(8, 3 * 40, 1000);
  for (index r = 0; r < 8; ++r)
    for (index i = 0; i < 40; ++i) spread(r, 3 * i) = float((r + 1) * (i + 1));
  for (index n = 1; n <= 40; ++n) {
    const auto sums = heed::detail::sums_of_rows<8, float>({spread.data(), 8, n, 120, 3}, sum);
    for (std::size_t r = 0; r < 8; ++r)
      EXPECT_EQ(sums[r], double(r + 1) * double(n * (n + 1) / 2)) << n;
  }
  heed::matrix<double> large = heed::matrix<double>::Ones(1, 24);
  large(0, 0) = 0x1p53;
  EXPECT_EQ((heed::detail::sums_of_rows<1, double>({large.data(), 1, 24, 24, 1}, sum)[0]), 0x1p53);
}

// Rows are normed eight at a time and one by one, with the same bits.
TYPED_TEST(norm_call, has_the_bits_of_each_row_alone) {
  using Scalar = typename decltype(TypeParam::weight)::Scalar;
  const auto norm = some_norm<TypeParam>(33);
  const matrix<Scalar> x = matrix<Scalar>::Random(19, 33);
  const matrix<Scalar> all = norm(x);
  for (index row = 0; row < x.rows(); ++row) {
    const matrix<Scalar> alone = norm(matrix<Scalar>(x.row(row)));
    EXPECT_TRUE(same_bits(matrix<Scalar>(all.row(row)), alone)) << row;
  }
}

}  // namespace
