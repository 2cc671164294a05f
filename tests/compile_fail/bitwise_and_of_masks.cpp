// SPDX-License-Identifier: MIT
// & looks like &&, and would have to mean the same.
// expect: heed: masks are joined by && and ||, not by & and |
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(2, 4);
  Eigen::MatrixXf out(2, 4);
  heed::attention(q, q, q, out, heed::causal & heed::window{.left = 1});
}
