// SPDX-License-Identifier: MIT
// Which of two scalars a sum is formed in is the caller's choice, not ours.
// expect: heed: q, k and v have different scalar types; .cast<>() to one of them
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  const Eigen::MatrixXd v = Eigen::MatrixXd::Ones(2, 4);
  heed::attention(q, q, v, out);
}
