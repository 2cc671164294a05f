// SPDX-License-Identifier: MIT
// The same, where the result comes by value.
// expect: heed: k is an Eigen expression; store it or call .eval()
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  out = heed::attention(q, q + q, q);
}
