// SPDX-License-Identifier: MIT
// A layer hands its modifiers on.
// expect: heed: a function in heed::score takes a type that cannot hold the scores of this call, and each would be rounded; let the function take auto or double
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const heed::multi_head_attention<double> mha({.model = 4, .heads = 1});
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 4);
  (void)mha(x, heed::score([](float s, heed::at) { return s; }));
}
