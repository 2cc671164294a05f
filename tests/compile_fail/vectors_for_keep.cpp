// SPDX-License-Identifier: MIT
// A vector of vectors is no matrix.
// expect: heed::keep: give an Eigen matrix of bool (queries x keys), or a vector of Eigen matrices, one a head
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  std::vector<std::vector<bool>> x(2, std::vector<bool>(2));
  heed::attention(q, q, q, out, heed::causal && heed::keep(x));
}
