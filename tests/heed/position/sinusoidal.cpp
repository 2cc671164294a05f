// SPDX-License-Identifier: MIT
// Sinusoidal positions: the paper's formula, and one step as a fixed rotation.
#include "support/refusal.hpp"

#include <heed/position/sinusoidal.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

using Eigen::MatrixXd;

TEST(sinusoidal, is_the_papers_formula) {
  const heed::sinusoidal<double> places({.model = 6});
  const MatrixXd codes = places(3, 2);
  for (int row = 0; row < 2; ++row)
    for (int i = 0; i < 3; ++i) {
      const double angle = (3 + row) / std::pow(10000, 2 * i / 6.0);
      EXPECT_NEAR(codes(row, 2 * i), std::sin(angle), 1e-15);
      EXPECT_NEAR(codes(row, 2 * i + 1), std::cos(angle), 1e-15);
    }
}

TEST(sinusoidal, a_step_is_the_same_rotation_everywhere) {
  const heed::sinusoidal<double> places({.model = 8});
  MatrixXd step = MatrixXd::Zero(8, 8);
  for (int i = 0; i < 4; ++i) {
    const double f = places.frequency(i);
    step.block<2, 2>(2 * i, 2 * i) << std::cos(f), std::sin(f), -std::sin(f), std::cos(f);
  }
  for (const heed::index here : {1, 50, 20000}) {
    const MatrixXd codes = places(here - 1, 2);
    EXPECT_LE((codes.row(1) * step - codes.row(0)).cwiseAbs().maxCoeff(), 1e-11) << here;
  }
}

TEST(sinusoidal, adds_in_place_and_refuses_what_does_not_fit) {
  const heed::sinusoidal<float> places({.model = 5});
  Eigen::MatrixXf x = Eigen::MatrixXf::Ones(4, 5);
  places.add(x, 2);
  EXPECT_LE((x - Eigen::MatrixXf(places(2, 4).array() + 1)).cwiseAbs().maxCoeff(), 1e-6f);
  Eigen::MatrixXf wide(4, 6);
  EXPECT_THROW(places.add(wide, 0), heed::shape_error);
  EXPECT_EQ(support::refusal([] { heed::sinusoidal<float>({.model = 0}); }),
            "heed::sinusoidal: model was not given, or is 0; it is the columns of a place's code");
}

}  // namespace
