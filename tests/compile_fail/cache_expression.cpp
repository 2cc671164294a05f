// SPDX-License-Identifier: MIT
// A cache reads memory, as the verb does.
// expect: heed: a cache is given an Eigen expression; store it or call .eval()
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf k = Eigen::MatrixXf::Ones(2, 4);
  heed::kv_cache<float> cache({.capacity = 2, .width = 4});
  cache.append(2 * k, k);
}
