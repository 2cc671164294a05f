// SPDX-License-Identifier: MIT
// A feed-forward layer has no mask.
// expect: heed: this layer takes no modifiers but heed::in and heed::on
#include <heed/layer/feed_forward.hpp>
#include <heed/modifiers.hpp>

int main() {
  const heed::feed_forward<float> layer({.model = 4, .hidden = 8});
  const heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  return static_cast<int>(layer(x, heed::causal).size());
}
