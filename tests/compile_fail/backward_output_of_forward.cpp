// SPDX-License-Identifier: MIT
// The log-sum-exp is an input of the backward.
// expect: heed::attention_backward: log_sum_exp, weights and key_weights are outputs of heed::attention; the log-sum-exp comes fifth here, after out
#include <Eigen/Core>
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  heed::attention_backward(q, q, q, out, lse, out, d_q, d_k, d_v, heed::log_sum_exp(lse));
}
