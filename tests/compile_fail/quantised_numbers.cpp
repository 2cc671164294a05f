// SPDX-License-Identifier: MIT
// Numbers of another size are no 8-bit ones.
// expect: heed::quantised: numbers must be a matrix of std::int8_t and scales one of float, stored, not an Eigen expression
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXi numbers = Eigen::MatrixXi::Ones(2, 4);
  const Eigen::MatrixXf scales = Eigen::MatrixXf::Ones(2, 1);
  heed::quantised rows(numbers, scales);
}
