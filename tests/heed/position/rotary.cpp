// SPDX-License-Identifier: MIT
// Rotary positions: the paper's formula, its properties, and the published scalings.
#include "support/refusal.hpp"

#include <heed/position/rotary.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::rotary_pairing;

// Each pair as a complex number, times e^(i m theta_i).
MatrixXd by_complex_numbers(const MatrixXd& x, int width, int rotary, double theta,
                            bool interleaved, double first) {
  MatrixXd y = x;
  for (int row = 0; row < x.rows(); ++row)
    for (int head = 0; head < x.cols(); head += width)
      for (int i = 0; i < rotary / 2; ++i) {
        const int a = head + (interleaved ? 2 * i : i),
                  b = head + (interleaved ? 2 * i + 1 : i + rotary / 2);
        const std::complex<double> turned =
            std::complex(x(row, a), x(row, b)) *
            std::polar(1.0, (first + row) * std::pow(theta, -2.0 * i / rotary));
        y(row, a) = turned.real();
        y(row, b) = turned.imag();
      }
  return y;
}

TEST(rotary, turns_pairs) {
  const MatrixXd x = MatrixXd::Random(5, 24);
  for (const auto pairing : {rotary_pairing::half_split, rotary_pairing::interleaved})
    for (const int rotary : {2, 6, 8}) {
      const heed::rotary_embedding<double> rope(
          {.width = 8, .rotary_width = rotary, .theta = 500, .pairing = pairing});
      MatrixXd y = x;
      rope(y, 11);
      EXPECT_LE(
          (y - by_complex_numbers(x, 8, rotary, 500, pairing == rotary_pairing::interleaved, 11))
              .cwiseAbs()
              .maxCoeff(),
          1e-14);
      rope.inverse(y, 11);
      EXPECT_LE((y - x).cwiseAbs().maxCoeff(), 1e-14);
    }
}

TEST(rotary, scores_depend_on_the_distance_alone) {
  const heed::rotary_embedding<double> rope({.width = 16});
  const MatrixXd q = MatrixXd::Random(1, 16), k = MatrixXd::Random(1, 16);
  const auto score = [&](heed::index at_q, heed::index at_k) {
    MatrixXd a = q, b = k;
    rope(a, at_q);
    rope(b, at_k);
    return a.row(0).dot(b.row(0));
  };
  EXPECT_NEAR(score(7, 3), score(1007, 1003), 1e-12);
  EXPECT_GT(std::abs(score(7, 3) - score(7, 4)), 1e-6);
}

TEST(rotary, positions_may_be_listed) {
  const heed::rotary_embedding<float> rope({.width = 4});
  Eigen::MatrixXf a = Eigen::MatrixXf::Random(3, 8), b = a;
  rope(a, 5);
  rope(b, std::vector<int>{5, 6, 7});
  EXPECT_EQ(a, b);
}

TEST(rotary, pairings_are_a_permutation_of_the_weights) {
  const MatrixXd w = MatrixXd::Random(6, 16), x = MatrixXd::Random(4, 6);
  const heed::rotary_embedding<double> halves({.width = 8}),
      pairs({.width = 8, .pairing = rotary_pairing::interleaved});
  MatrixXd a = x * w;
  MatrixXd b =
      x * heed::change_pairing(w, 8, 8, rotary_pairing::half_split, rotary_pairing::interleaved);
  halves(a, 3);
  pairs(b, 3);
  const MatrixXd back =
      heed::change_pairing(b, 8, 8, rotary_pairing::interleaved, rotary_pairing::half_split);
  EXPECT_LE((a - back).cwiseAbs().maxCoeff(), 1e-13);
}

// (R x) · d = x · backward(d), with YaRN's length in both, whatever the position.
TEST(rotary, the_gradient_is_the_transpose) {
  const heed::rotary_embedding<double> turn(
      {.width = 4, .scaling = heed::yarn_scaling{.factor = 4, .original_positions = 8}});
  heed::scratch room;
  MatrixXd x = MatrixXd::Random(5, 8), d = MatrixXd::Random(5, 8);
  MatrixXd turned = x, back = d;
  turn(turned, 3);
  turn.backward(back, 3, 8, room);
  EXPECT_NEAR(turned.cwiseProduct(d).sum(), x.cwiseProduct(back).sum(), 1e-13);
  EXPECT_GT((back - d).norm(), 0.1);
}

TEST(rotary, refuses_what_does_not_fit) {
  using rope = heed::rotary_embedding<float>;
  EXPECT_THROW(rope({.width = 5}), heed::shape_error);
  EXPECT_THROW(rope({.width = 4, .rotary_width = 6}), heed::shape_error);
  EXPECT_THROW(rope({.width = 4, .scaling = heed::linear_scaling{.factor = 0}}), heed::shape_error);
  EXPECT_THROW(rope({.width = 4, .scaling = heed::yarn_scaling{.factor = 2}}), heed::shape_error);
  EXPECT_EQ(support::refusal([] { rope({.width = 0, .rotary_width = 4}); }),
            "heed::rotary_embedding: width was not given, or is 0; it is the columns of one head");
  EXPECT_EQ(
      support::refusal([] { rope({.width = 4, .scaling = heed::yarn_scaling{.factor = 2}}); }),
      "heed::rotary_embedding: original_positions of the scaling was not given, or is 0; it is "
      "the number of positions that the model was trained with");
  Eigen::MatrixXf x = Eigen::MatrixXf::Ones(2, 6);
  const Eigen::MatrixXi places(2, 2);
  EXPECT_EQ(support::refusal([&] { rope({.width = 6})(x, places); }),
            "heed::rotary_embedding: a vector of numbers is expected, but a 2x2 matrix is given");
  try {
    rope({.width = 4})(x, 0);
    FAIL();
  } catch (const heed::shape_error& error) {
    EXPECT_STREQ(
        error.what(),
        "heed::rotary_embedding: x is 2x6, whose columns are no whole number of heads of width 4");
  }
  EXPECT_EQ(x, (Eigen::MatrixXf::Ones(2, 6)));
}

}  // namespace
