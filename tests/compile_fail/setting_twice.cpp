// SPDX-License-Identifier: MIT
// Of two scales neither is right.
// expect: is given twice in one call
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::scale(1.f), heed::scale(2.f));
}
