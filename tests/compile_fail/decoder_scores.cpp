// SPDX-License-Identifier: MIT
// Scores of a decoder of floats are floats.
// expect: heed: the output and the inputs have different scalar types
#include <heed/model/decoder.hpp>

#include <vector>

int main() {
  const heed::decoder<float> gpt({.vocabulary = 9, .model = 4, .layers = 1, .heads = 2});
  auto cache = gpt.cache(8);
  heed::matrix<double> scores(1, 9);
  gpt.next(std::vector<int>{1, 2}, cache, scores);
}
