// SPDX-License-Identifier: MIT
// The forward has no gradients to add.
// expect: heed: accumulate, gradient_of_bias, gradient_of_sink and gradient_of_slopes are settings of heed::attention_backward
#include <Eigen/Core>
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  heed::attention(q, q, q, out, heed::accumulate);
}
