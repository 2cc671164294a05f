// SPDX-License-Identifier: MIT
// One id is no list of one.
// expect: heed::token_embedding: give a vector of ids, as in words(std::vector{464, 3290}); a single number is none
#include <Eigen/Core>
#include <heed/heed.hpp>

int main() {
  const heed::token_embedding<float> words({.vocabulary = 10, .model = 4});
  (void)words(3);
}
