// SPDX-License-Identifier: MIT
// A softmax of integers is none.
// expect: heed: the scalar must be float, double, Eigen::half or Eigen::bfloat16; 8-bit keys and values come with their scales, as heed::quantised
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  const Eigen::MatrixXi i = Eigen::MatrixXi::Ones(2, 4);
  heed::attention(i, i, i);
}
