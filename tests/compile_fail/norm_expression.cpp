// SPDX-License-Identifier: MIT
// Norms read matrices, not expressions.
// expect: heed: the x of a norm must be an Eigen matrix, stored or .eval()ed
#include <heed/layer/layer_norm.hpp>

int main() {
  const heed::layer_norm<float> norm({.model = 4});
  const heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  heed::matrix<float> y(3, 4);
  norm(2 * x, y);
}
