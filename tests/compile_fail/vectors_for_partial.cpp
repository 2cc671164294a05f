// SPDX-License-Identifier: MIT
// Parts are matrices.
// expect: heed::partial: give two Eigen matrices, the rows and their log_sum_exp
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  Eigen::MatrixXf out(2, 4);
  std::vector<float> x(2);
  heed::merge(heed::partial(out, x), heed::partial(out, x));
}
