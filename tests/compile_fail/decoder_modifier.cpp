// SPDX-License-Identifier: MIT
// The rules of a decoder are its layers', and none of the call.
// expect: heed: this layer takes no modifiers but heed::in and heed::on
#include <heed/model/decoder.hpp>

#include <vector>

int main() {
  const heed::decoder<float> gpt({.vocabulary = 9, .model = 4, .layers = 1, .heads = 2});
  return static_cast<int>(gpt(std::vector<int>{1, 2}, heed::causal).size());
}
