// SPDX-License-Identifier: MIT
// The output is an input's neighbour, wherever else it might be written.
// expect: heed: an Eigen matrix is no modifier: the output of heed::attention comes fourth, before the modifiers
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, heed::causal, out);
}
