// SPDX-License-Identifier: MIT
// A block changes x in place.
// expect: heed: the x of a transformer_block is changed in place, and must be writable
#include <heed/model/transformer_block.hpp>

int main() {
  const heed::transformer_block<float> block;
  const heed::matrix<float> x = heed::matrix<float>::Zero(3, 4);
  block(x);
}
