// SPDX-License-Identifier: MIT
// A vector of vectors is no matrix.
// expect: heed::bias: give an Eigen matrix (queries x keys), or a vector of Eigen matrices, one a head
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  std::vector<std::vector<float>> x(2, std::vector<float>(2));
  heed::attention(q, q, q, out, heed::bias(x));
}
