// SPDX-License-Identifier: MIT
// The output has the scalar of the inputs.
// expect: heed: the output and the inputs have different scalar types
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  Eigen::MatrixXd wide(2, 4);
  heed::attention(q, q, q, wide);
}
