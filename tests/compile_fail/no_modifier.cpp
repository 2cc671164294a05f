// SPDX-License-Identifier: MIT
// A number is no modifier; it might be meant as a scale, a window, a head count.
// expect: heed: this argument is no modifier
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::causal, 0.1f);
}
