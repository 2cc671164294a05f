// SPDX-License-Identifier: MIT
// An expression has no memory to read; evaluating it silently would be a hidden copy.
// expect: heed: q is an Eigen expression; store it or call .eval()
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(2 * q, q, q, out);
}
