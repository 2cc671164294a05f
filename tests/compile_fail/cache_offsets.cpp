// SPDX-License-Identifier: MIT
// Offsets are one argument.
// expect: heed::kv_caches: give the number of a sequence, or a vector of row offsets
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  heed::kv_caches<float> caches({.sequences = 1, .capacity = 2, .width = 4});
  const Eigen::MatrixXf x = Eigen::MatrixXf::Ones(2, 4);
  caches.append(0.5, x, x);
}
