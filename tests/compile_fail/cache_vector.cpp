// SPDX-License-Identifier: MIT
// A cache takes a row a token.
// expect: heed: a cache takes Eigen matrices or heed::quantised
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  heed::kv_cache<float> cache({.capacity = 2, .width = 4});
  std::vector<float> x(4);
  cache.append(x, x);
}
