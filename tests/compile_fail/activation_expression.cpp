// SPDX-License-Identifier: MIT
// An activation changes numbers in place, and those of an expression have none.
// expect: heed::activate: x must be a writable Eigen matrix
#include <heed/layer/activation.hpp>

int main() {
  const heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  heed::activate(heed::activation::relu, 2 * x);
}
