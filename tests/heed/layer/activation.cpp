// SPDX-License-Identifier: MIT
// Activations: numbers by hand, against their formulas in double, and what is refused.
#include "support/guarded.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/activation.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

using heed::activation;
using heed::index;
using support::guarded;
using support::layout;

constexpr activation all[] = {activation::identity, activation::relu,      activation::relu_squared,
                              activation::gelu,     activation::gelu_tanh, activation::quick_gelu,
                              activation::silu};

template <class Scalar>
Scalar of(activation function, Scalar x) {
  heed::matrix<Scalar> one = heed::matrix<Scalar>::Constant(1, 1, x);
  heed::activate(function, one);
  return one(0, 0);
}

TEST(activation, by_hand) {
  heed::matrix<float> x(1, 5);
  x << -2, -1, 0, 1, 3;
  heed::matrix<float> y = x, relu(1, 5), squared(1, 5);
  relu << 0, 0, 0, 1, 3;
  squared << 0, 0, 0, 1, 9;
  heed::activate(activation::identity, y);
  EXPECT_EQ(y, x);
  heed::activate(activation::relu, y);
  EXPECT_EQ(y, relu);
  y = x;
  heed::activate(activation::relu_squared, y);
  EXPECT_EQ(y, squared);

  const double log_3 = 1.0986122886681098, u = std::numeric_limits<double>::epsilon();
  EXPECT_NEAR(of(activation::silu, log_3), 0.75 * log_3, 4 * u);
  EXPECT_NEAR(of(activation::silu, -log_3), -0.25 * log_3, 4 * u);
  EXPECT_NEAR(of(activation::quick_gelu, log_3 / 1.702), 0.75 * log_3 / 1.702, 4 * u);
  // Tables of the normal distribution: Φ(1) = 0.841344746..., Φ(2) = 0.977249868...
  EXPECT_NEAR(of(activation::gelu, 1.0), 0.841344746068543, 1e-14);
  EXPECT_NEAR(of(activation::gelu, -2.0), -2 * (1 - 0.977249868051821), 1e-14);
  // Where √(2/π) (x + 0.044715 x³) is atanh(1/2) = ln(3) / 2, x is multiplied by 1/2 (1 + 1/2) = 3/4.
  // Newton's rule finds that x.
  const double inner = log_3 / 2 / std::sqrt(2 / 3.14159265358979323846);
  double root = inner;
  for (int i = 0; i < 20; ++i)
    root -= (root + 0.044715 * root * root * root - inner) / (1 + 3 * 0.044715 * root * root);
  EXPECT_NEAR(of(activation::gelu_tanh, root), 0.75 * root, 1e-15);
}

double formula(activation function, double x) {
  switch (function) {
    case activation::identity:
      return x;
    case activation::relu:
      return x > 0 ? x : 0;
    case activation::relu_squared:
      return x > 0 ? x * x : 0;
    case activation::gelu:
      return x * std::erfc(-x / std::sqrt(2.0)) / 2;
    case activation::gelu_tanh:
      // x / 2 (1 + tanh u) without the digits that 1 + tanh u loses: x / (1 + exp(-2 u))
      return x / (1 + std::exp(-2 * std::sqrt(2 / 3.14159265358979323846) *
                               (x + 0.044715 * x * x * x)));
    case activation::quick_gelu:
      return x / (1 + std::exp(-1.702 * x));
    case activation::silu:
      return x / (1 + std::exp(-x));
    case activation::tanh:
      return 1 - 2 / (std::exp(2 * x) + 1);
  }
  return 0;
}

// What goes into the exponential is at most 2 |x| + |x|³ / 13 and good for some 6 u of itself; the error
// function is exact to some u of 1. So y is off by a few u of |x|, times that number.
template <class Scalar>
void against_double() {
  const double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  for (const layout order : {layout::row_major, layout::column_major})
    for (const index rows : {index(1), index(3)})
      for (const index cols : {index(1), index(2), index(7), index(8), index(31), index(40)})
        for (const activation function : all) {
          guarded<Scalar> memory(rows, cols, order, Scalar(77));
          auto x = memory.matrix();
          for (index i = 0; i < rows; ++i)
            for (index j = 0; j < cols; ++j)
              x(i, j) = Scalar(0.37) * Scalar((i * 17 + j * 5) % 41 - 20);
          const Eigen::MatrixXd before = x.template cast<double>();
          heed::activate(function, x);
          ASSERT_TRUE(memory.intact());
          for (index i = 0; i < rows; ++i)
            for (index j = 0; j < cols; ++j) {
              const double number = before(i, j), want = formula(function, number);
              const double inner = 2 * std::abs(number) + std::pow(std::abs(number), 3) / 13;
              const double share =
                  function == activation::gelu ? std::abs(number) : std::abs(want) * (1 + inner);
              ASSERT_NEAR(double(x(i, j)), want, 8 * u * share)
                  << int(function) << " of " << number;
              ASSERT_EQ(x(i, j), of(function, Scalar(number))) << "depends on its neighbours";
            }
        }
}
TEST(activation, float_against_double) { against_double<float>(); }
TEST(activation, double_against_double) { against_double<double>(); }

TEST(activation, of_numbers_at_the_edge) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  for (const activation function : all) {
    EXPECT_TRUE(std::isnan(of(function, nan))) << int(function);
    EXPECT_EQ(of(function, infinity), infinity) << int(function);
    EXPECT_EQ(of(function, 0.0f), 0) << int(function);
    if (function != activation::identity) {
      EXPECT_EQ(of(function, -1e20f), 0) << int(function);
    }
  }
}

TEST(activation, refuses_a_matrix_with_gaps) {
  guarded<float> memory(3, 4, layout::strided, 77);
  auto x = memory.matrix();
  EXPECT_EQ(support::refusal([&] { heed::activate(activation::relu, x); }),
            "heed::activate: neither rows nor columns of x (3x4) lie next to each other");
}

TEST(activation, takes_parts_of_a_matrix) {
  heed::matrix<float> x = heed::matrix<float>::Constant(3, 4, -1);
  heed::activate(activation::relu, x.col(1));
  heed::activate(activation::relu, x.row(2));
  heed::activate(activation::relu, x.topRows(0));
  heed::matrix<float> want(3, 4);
  want << -1, 0, -1, -1, -1, 0, -1, -1, 0, 0, 0, 0;
  EXPECT_EQ(x, want);
}

}  // namespace
