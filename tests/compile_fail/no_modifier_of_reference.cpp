// SPDX-License-Identifier: MIT
// The truth takes the same modifiers and refuses the same mistakes.
// expect: heed: this argument is no modifier
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::reference::attention(q, q, q, 0.1f);
}
