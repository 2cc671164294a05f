// SPDX-License-Identifier: MIT
// One number is no list of one.
// expect: heed::alibi: give a vector of slopes, one a query head, as in heed::alibi(std::vector{0.5}); a single number or braces are none
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::alibi(0.5));
}
