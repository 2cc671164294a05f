// SPDX-License-Identifier: MIT
// A vector is writable memory, but no matrix.
// expect: heed: log_sum_exp, weights and key_weights write into an Eigen matrix; Eigen::Map makes one of other memory
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  std::vector<float> x(2);
  heed::attention(q, q, q, out, heed::key_weights(x));
}
