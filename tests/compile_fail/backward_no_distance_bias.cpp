// SPDX-License-Identifier: MIT
// The gradient of a table of distances is that of a rule.
// expect: distance_bias_gradient: there must be one distance_bias_rule in the same call
#include <Eigen/Core>
#include <heed/attention_backward.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4), lse(2, 1), d_q(2, 4), d_k(2, 4), d_v(2, 4);
  heed::matrix<double> table(1, 3), d_table(1, 3);
  heed::attention_backward(q, q, q, out, lse, out, d_q, d_k, d_v,
                           heed::detail::distance_bias_gradient{&table, &d_table});
}
