// SPDX-License-Identifier: MIT
// The same, where the result is to go.
// expect: heed: a container is neither an output nor a modifier: outputs are Eigen matrices (Eigen::Map makes one of other memory)
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  std::vector<float> x(8);
  heed::attention(q, q, q, x, heed::causal);
}
