// SPDX-License-Identifier: MIT
// What is handed in to be written must be writable.
// expect: heed: a matrix for log_sum_exp, weights or key_weights must be writable memory
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  const Eigen::MatrixXf lse(2, 1);
  heed::attention(q, q, q, out, heed::log_sum_exp(lse));
}
