// SPDX-License-Identifier: MIT
// The log-sum-exp has the scalar that sums are formed in.
// expect: heed: a matrix for log_sum_exp, weights or key_weights must have the scalar that sums are formed in
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  Eigen::MatrixXd lse(2, 1);
  heed::attention(q, q, q, out, heed::log_sum_exp(lse));
}
