// SPDX-License-Identifier: MIT
// Rotary positions turn matrices.
// expect: heed::rotary_embedding: x must be a writable Eigen matrix of the embedding's scalar
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const heed::rotary_embedding<float> rope({.width = 4});
  std::vector<float> x(4);
  rope(x, 0);
}
