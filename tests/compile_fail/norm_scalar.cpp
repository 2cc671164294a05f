// SPDX-License-Identifier: MIT
// A norm of floats does not norm doubles.
// expect: heed: x, y and the weight of a norm have different scalar types
#include <heed/layer/rms_norm.hpp>

int main() {
  const heed::rms_norm<float> norm({.model = 4});
  const heed::matrix<double> x = heed::matrix<double>::Zero(3, 4);
  heed::matrix<double> y(3, 4);
  norm(x, y);
}
