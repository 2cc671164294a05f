// SPDX-License-Identifier: MIT
// Ids are read where they lie.
// expect: heed::documents: give a vector of ids without gaps, one a key
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  const Eigen::VectorXi ids = Eigen::VectorXi::Ones(2);
  heed::attention(q, q, q, out, heed::documents(2 * ids));
}
