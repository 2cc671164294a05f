// SPDX-License-Identifier: MIT
// What a forward keeps for its backward.
//
//   heed::feed_forward<float> mlp({.model = 8, .hidden = 32}), gradient = mlp;  // set to 0
//   heed::saved<heed::feed_forward<float>> kept;
//   heed::forward(mlp, x, y, kept);                       // as mlp(x, y), the same bits
//   heed::backward(mlp, x, kept, d_y, d_x, gradient);     // d_x += ..., gradient.up.weight += ...
//
// One pattern for all layers: a gradient is a layer of the same type, the numbers of which are derivatives;
// what a backward finds is added to d_x and to the gradient, so that where two ways meet their derivatives
// are summed; and a weight of the gradient that is empty is not asked for and costs nothing.
#pragma once

#include <heed/core/execute.hpp>  // run_tasks
#include <heed/core/types.hpp>    // index

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {

// Specialised for each layer that computes more than its result. Layers that need no more than x and d_y have
// a backward without it.
template <class Layer>
struct saved;

namespace detail {

// Calls work(first, count) for blocks of rows (or of columns) whose number does not depend on the threads.
template <class Work>
void in_blocks(const executor& on, index count, index block, const Work& work) {
  run_tasks(on, divide_up(count, block), [&](index, index task) {
    work(task * block, (std::min)(block, count - task * block));
  });
}

inline constexpr index rows_of_block = 32;
inline constexpr index columns_of_block = 64;

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
