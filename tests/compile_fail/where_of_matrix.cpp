// SPDX-License-Identifier: MIT
// A matrix is no function.
// expect: heed::where: the function must take a heed::at and return a bool
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::where(q) && heed::causal);
}
