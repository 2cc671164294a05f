// SPDX-License-Identifier: MIT
// Results cannot be written into a value that is about to vanish.
// expect: heed: the output is an Eigen expression; give memory to write to
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out + out);
}
