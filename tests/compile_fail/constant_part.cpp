// SPDX-License-Identifier: MIT
// What others are merged into must be writable.
// expect: heed::merge: the first part must be writable memory
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf rows = Eigen::MatrixXf::Ones(2, 4), sums = Eigen::MatrixXf::Ones(2, 1);
  Eigen::MatrixXf other = rows, other_sums = sums;
  heed::merge(heed::partial(rows, sums), heed::partial(other, other_sums));
}
