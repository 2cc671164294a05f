// SPDX-License-Identifier: MIT
// An embedding adds to its own scalar.
// expect: heed::position_embedding: x must be a writable Eigen matrix of the table's scalar
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const heed::position_embedding<float> places({.positions = 10, .model = 4});
  std::vector<float> x(4);
  places.add(x, 0);
}
