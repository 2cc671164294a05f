// SPDX-License-Identifier: MIT
// Braces have no memory to refer to.
// expect: heed::sink: give a vector of logits, one a query head, as in heed::sink(std::vector{0.5}); a single number or braces are none
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::sink({0.5, 0.25}));
}
