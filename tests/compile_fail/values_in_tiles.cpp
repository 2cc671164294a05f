// SPDX-License-Identifier: MIT
// Only keys lie in tiles.
// expect: heed: v is heed::key_tiles; only keys may lie in tiles
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Ones(1, 4);
  const heed::kv_cache<float> cache({.capacity = 2, .width = 4});
  (void)heed::attention(q, cache.keys(), cache.keys());
}
