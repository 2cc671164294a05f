// SPDX-License-Identifier: MIT
// An expression owns no memory.
// expect: heed::attention_backward: out, log_sum_exp and d_out must be Eigen matrices whose elements lie in memory, not Eigen expressions; store them or call .eval()
#include <Eigen/Core>
#include <heed/attention.hpp>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  heed::attention_backward(q, q, q, out, lse, 2 * out, d_q, d_k, d_v);
}
