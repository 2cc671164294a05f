// SPDX-License-Identifier: MIT
// Blocks one after the other, with what their backward needs: kept, or computed again.
//
//   heed::saved<heed::decoder<float>> kept;
//   kept.policy = heed::activations::recomputed;  // less memory, more time, the same bits
#pragma once

#include <heed/model/backward/transformer_block.hpp>  // backward of transformer_block

namespace heed {
inline namespace HEED_ABI {

// What becomes of the activations of blocks until they are needed again. Chen et al., "Training Deep Nets with
// Sublinear Memory Cost", 2016.
enum class activations {
  kept,  // each block keeps its own
  recomputed  // a block keeps its input alone, and its forward runs again before its backward: the same bits
};

namespace detail {

template <class Scalar>
struct saved_stack {
  using stack = std::vector<transformer_block<Scalar>>;

  activations policy = activations::kept;

  std::vector<saved<transformer_block<Scalar>>> blocks;  // one that serves all, where recomputed
  std::vector<matrix<Scalar>> inputs;  // of each block, (tokens, model), where recomputed

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

  // d, (tokens, model), of the result becomes that of what the first block was given.
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
