// SPDX-License-Identifier: MIT
// The shortest program: causal attention of three tokens.
#include <heed/heed.hpp>
#include <iostream>

int main() {
  Eigen::MatrixXf q(3, 2), k(3, 2), v(3, 2);  // a row for each of three tokens
  q << 1, 0, 0, 1, 1, 1;                      // what each one asks
  k << 1, 0, 0, 1, 1, 1;                      // what each one offers
  v << 10, 0, 0, 10, 5, 5;                    // what each one says

  Eigen::MatrixXf out = heed::attention(q, k, v, heed::causal);  // softmax(q kᵀ / √2) v
  std::cout << out << '\n';
}
