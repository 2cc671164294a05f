// SPDX-License-Identifier: MIT
// Experts of floats do not take doubles.
// expect: heed: the x of a layer and its weights have different scalar types
#include <heed/layer/experts.hpp>

int main() {
  const heed::experts<float> layer({.model = 4, .hidden = 8, .experts = 2, .per_token = 1});
  const heed::matrix<double> x = heed::matrix<double>::Zero(3, 4);
  return static_cast<int>(layer(x).size());
}
