// SPDX-License-Identifier: MIT
// The control: what the other files do wrong, done right.
// expect: nothing
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::causal);
  return out.rows() == 2 ? 0 : 1;
}
