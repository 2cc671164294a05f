// SPDX-License-Identifier: MIT
// A low-rank adapter (LoRA): a product of two narrow matrices that is learned beside frozen
// weights.
//
//   heed::linear<float> layer = ...;         // W: (768, 768), a file's perhaps, in any dtype
//   layer.adapter = {a, b, 2};               // a: (768, 8), b: (8, 768)
//   layer(x, y);                             // y = x W + bias + 2 (x a) b
#pragma once

#include <heed/core/types.hpp>  // matrix

namespace heed {
inline namespace HEED_ABI {

// scale (x down) up. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.
template <class Scalar>
struct low_rank {
  matrix<Scalar> down;  // (inputs, rank)
  matrix<Scalar> up;    // (rank, outputs); empty: there is none
  double scale = 1;     // alpha / rank

  [[nodiscard]] bool given() const { return up.size() > 0; }
};

}  // namespace HEED_ABI
}  // namespace heed
