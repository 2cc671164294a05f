// SPDX-License-Identifier: MIT
// Braces have no memory to refer to.
// expect: heed::documents: give a vector of ids without gaps, one a key, as in heed::documents(std::vector{0, 0, 1}); a single number or braces are none
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::documents({0, 1}));
}
