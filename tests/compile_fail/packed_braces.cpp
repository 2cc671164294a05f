// SPDX-License-Identifier: MIT
// Braces have no memory to refer to.
// expect: heed::packed: give a vector of row offsets, as in heed::packed{std::vector{0, 2, 5}}; single numbers or braces are none
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::packed({0, 2, 5, 7}));
}
