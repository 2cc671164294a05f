// SPDX-License-Identifier: MIT
// A layer does not convert.
// expect: heed: the x of a layer and its weights have different scalar types
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const heed::qkv_projection<float> project({.model = 4, .heads = 1});
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 4);
  (void)project(x);
}
