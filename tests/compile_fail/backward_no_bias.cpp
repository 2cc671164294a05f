// SPDX-License-Identifier: MIT
// A gradient is that of something.
// expect: heed::gradient_of_bias: there must be one heed::bias in the same call
#include <Eigen/Core>
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  heed::attention_backward(q, q, q, out, lse, out, d_q, d_k, d_v, heed::gradient_of_bias(d_q));
}
