// SPDX-License-Identifier: MIT
// A layer takes a row a token.
// expect: heed: a layer takes an Eigen matrix x (tokens x features)
#include <Eigen/Core>
#include <heed/heed.hpp>
#include <vector>

int main() {
  const heed::multi_head_attention<float> mha({.model = 4, .heads = 1});
  std::vector<float> x(4);
  (void)mha(x);
}
