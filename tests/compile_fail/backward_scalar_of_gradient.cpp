// SPDX-License-Identifier: MIT
// Gradients of half numbers are float.
// expect: heed::attention_backward: d_q, d_k and d_v must have the scalar that sums are formed in: float for float, half and bfloat16, double for double
#include <Eigen/Core>
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  Eigen::MatrixXd wide(2, 4);
  heed::attention_backward(q, q, q, out, lse, out, wide, d_k, d_v);
}
