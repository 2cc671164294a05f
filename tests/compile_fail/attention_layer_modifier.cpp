// SPDX-License-Identifier: MIT
// The rules of an attention layer are its own, and none of the call.
// expect: heed: this layer takes no modifiers but heed::in and heed::on
#include <heed/layer/attention_layer.hpp>

int main() {
  const heed::attention_layer<float> layer({.model = 4, .heads = 2});
  const heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  heed::matrix<float> y(3, 4);
  layer(x, y, heed::causal);
}
