// SPDX-License-Identifier: MIT
// Nothing in a vector of numbers says how many columns there are.
// expect: heed: q, k and v must be Eigen matrices (Eigen::Map makes one of other memory)
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  std::vector<float> x(8);
  heed::attention(x, x, x, x);
}
