// SPDX-License-Identifier: MIT
// A layer's number is no observer.
// expect: heed::observe_weights: give a function (layer, w) of a heed::index and a matrix
#include <heed/layer/attention_layer.hpp>

int main() {
  const heed::attention_layer<float> layer({.model = 4, .heads = 2});
  heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  layer(x, x, heed::observe_weights(3));
}
