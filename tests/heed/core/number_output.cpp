// SPDX-License-Identifier: MIT
#include "support/refusal.hpp"

#include <heed/core/number_output.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed::detail {
namespace {

TEST(number_output, writes_and_adds_in_the_type_of_the_numbers) {
  std::vector<float> numbers(3, 7);
  const number_output output(numbers);
  EXPECT_EQ(output.size(), 3);
  output.set(1, 0.5);
  output.add(2, 0.25);
  EXPECT_EQ(numbers, (std::vector<float>{7, 0.5f, 7.25f}));
}

TEST(number_output, writes_into_eigen_vectors_of_any_stride) {
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(2, 3);
  auto row = m.row(1);
  number_output(row).set(2, 5);
  EXPECT_EQ(m(1, 2), 5);
  EXPECT_EQ(m.sum(), 5);
}

TEST(number_output, is_not_given_at_first) { EXPECT_FALSE(number_output().given()); }

TEST(number_output, refuses_a_matrix) {
  Eigen::MatrixXd m(2, 3);
  EXPECT_EQ(support::refusal([&] { number_output output(m, "heed::gradient_of_sink"); }),
            "heed::gradient_of_sink: a vector of numbers is expected, but a 2x3 matrix is given");
}

}  // namespace
}  // namespace heed::detail
