// SPDX-License-Identifier: MIT
// What double loses on its way to 8 bits is the caller's to say.
// expect: heed::quantise: x must be a matrix of float, Eigen::half or Eigen::bfloat16, stored, not an Eigen expression
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 4);
  heed::matrix<std::int8_t> numbers(2, 4);
  Eigen::MatrixXf scales(2, 1);
  heed::quantise(x, numbers, scales);
}
