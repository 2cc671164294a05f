// SPDX-License-Identifier: MIT
// Nor does the textbook, where queries are of double.
// expect: heed: a function in heed::score takes a type that cannot hold the scores of this call, and each would be rounded; let the function take auto or double
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXd q = Eigen::MatrixXd::Ones(2, 4);
  (void)heed::reference::attention(q, q, q, heed::score([](float s, heed::at) { return s; }));
}
