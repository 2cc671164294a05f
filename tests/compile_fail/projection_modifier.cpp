// SPDX-License-Identifier: MIT
// A projection has no scores to mask.
// expect: heed: this layer takes no modifiers but heed::in and heed::on
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const heed::qkv_projection<float> project({.model = 4, .heads = 1});
  const Eigen::MatrixXf x = Eigen::MatrixXf::Ones(2, 4);
  (void)project(x, heed::causal);
}
