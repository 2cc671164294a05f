// SPDX-License-Identifier: MIT
// Forward and backward of a stack of blocks, whose activations are kept for backward or recomputed
// (gradient checkpointing).
//
//   heed::saved<heed::decoder<float>> kept;
//   kept.policy = heed::activations::recomputed;  // less memory, more time, the same bits
#pragma once

#include <heed/model/backward/transformer_block.hpp>  // backward of transformer_block

namespace heed {
inline namespace HEED_ABI {

// How backward obtains the activations of blocks. Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
enum class activations {
  kept,  // forward keeps all activations of each block
  recomputed  // forward keeps only the input of each block; backward runs its forward again, with the same bits
};

namespace detail {

template <class Scalar>
struct saved_stack {
  using stack = std::vector<transformer_block<Scalar>>;

  activations policy = activations::kept;

  std::vector<saved<transformer_block<Scalar>>> blocks;  // if recomputed, one for all blocks
  std::vector<matrix<Scalar>> inputs;                    // of each block, if recomputed

  // x = last(... first(x)). x: (tokens, model).
  void forward(const stack& layers, matrix<Scalar>& x, const std::vector<index>& starts,
               const executor& on) {
    blocks.resize(recomputes() ? 1 : layers.size());
    inputs.resize(recomputes() ? layers.size() : 0);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (recomputes()) inputs[i] = x;
      heed::forward(layers[i], x, starts, blocks[recomputes() ? 0 : i], on);
    }
  }

  // d: (tokens, model), the gradient of the stack's output, is replaced by that of its input.
  void backward(const stack& layers, const std::vector<index>& starts, matrix<Scalar>& d,
                stack& gradient, const executor& on) {
    for (std::size_t i = layers.size(); i-- > 0;) {
      saved<transformer_block<Scalar>>& block = blocks[recomputes() ? 0 : i];
      if (recomputes()) {
        matrix<Scalar> x = inputs[i];
        heed::forward(layers[i], x, starts, block, on);
      }
      heed::backward(layers[i], starts, block, d, gradient[i], on);
    }
  }

 private:
  [[nodiscard]] bool recomputes() const { return policy == activations::recomputed; }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
