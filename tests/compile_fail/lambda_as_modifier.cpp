// SPDX-License-Identifier: MIT
// A function alone does not say whether it is a mask or a score rule.
// expect: a function of your own goes into heed::where or heed::score
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, [](heed::at i) { return i.key < i.query; });
}
