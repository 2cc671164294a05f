// SPDX-License-Identifier: MIT
// The textbook has no output to write to.
// expect: heed: an Eigen matrix is no modifier: the output of heed::attention comes fourth, before the modifiers, and heed::reference::attention returns its result
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::reference::attention(q, q, q, out);
}
