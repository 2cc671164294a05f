// SPDX-License-Identifier: MIT
// A function of integers would cut every score off.
// expect: heed: a function in heed::score takes a type that cannot hold the scores of this call, and each would be rounded; let the function take auto or double
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  (void)heed::attention(q, q, q, heed::score([](int s, heed::at) { return s; }));
}
