// SPDX-License-Identifier: MIT
// Somebody's program: it has Eigen and heed, and warnings are errors in it.
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <iostream>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Identity(3, 4);
  const Eigen::MatrixXf out = heed::attention(q, q, q, heed::causal);
  std::cout << out << '\n';
  return out(0, 0) < 1.f || out(0, 0) > 1.f ? 1 : 0;
}
