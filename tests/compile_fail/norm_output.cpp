// SPDX-License-Identifier: MIT
// A norm does not write to a constant.
// expect: heed: the y of a norm must be a writable Eigen matrix
#include <heed/layer/normalisation.hpp>

int main() {
  const heed::normalisation<float> norm;
  const heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  heed::normalise(norm, x, x);
}
