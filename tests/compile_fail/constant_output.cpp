// SPDX-License-Identifier: MIT
// The output is the one argument that is written.
// expect: heed: the output is constant; give memory that can be written to
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  const Eigen::MatrixXf constant = out;
  heed::attention(q, q, q, constant);
}
