// SPDX-License-Identifier: MIT
// Routing: which kernel a call takes. All kernels give the same bits, so the choice affects speed
// alone.
//
//   queries of a sequence            keys               kernel
//   at most half a vector (1)        any                decode: keys are lanes, threads split the keys
//   at most a block (2)              more than a tile   decode
//   at most 64, one sequence         at most 64         small: one tile, no plan, no threads
//   any                              any                prefill: queries are lanes
//
// (1) One query where heads are narrow: width + value width <= 32. With few queries, lanes of queries
//     would be empty.
// (2) A block is two vectors of queries; three quarters of a block where keys or values lie neither by
//     rows nor in tiles, and must be copied.
// Probabilities (heed::weights) are written by prefill alone. If the matrices' types bound their
// sizes, heed::attention calls the small kernel on the stack and does not use this file.
#pragma once

#include <heed/kernel/attention_call.hpp>        // attention_call
#include <heed/kernel/decode/decode_scores.hpp>  // most_rows

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

enum class path { decode, one_tile, prefill };

// Whether one tile holds all keys, and there is no work for several threads.
template <class Call>
bool is_one_tile(const Call& call) {
  const problem& g = call.sizes;
  return g.queries <= keys_per_tile && g.keys <= keys_per_tile && !call.options.packed &&
         !call.options.weights && (call.options.on.workers <= 1 || !call.worth_threads());
}

// Whether there are so few queries that reading keys and values takes most of the time.
template <class Call>
bool is_decoding(const Call& call) {
  const problem& g = call.sizes;
  constexpr index block = queries_per_block<typename Call::Scalar>;
  const bool by_rows =
      (lie_by_rows(call.k) || elements_of(call.k).in_tiles()) && lie_by_rows(call.v);
  return g.longest_queries <= (by_rows ? block : block * 3 / 4) &&
         g.longest_queries * g.group() <= most_rows && !call.options.weights;
}

template <class Call>
path route(const Call& call) {
  const problem& g = call.sizes;
  constexpr index narrow = 16, half = simd<typename Call::Scalar>::size / 2;
  const bool few = g.longest_queries <=
                   (g.width + g.value_width <= 2 * narrow ? (std::min)(index(1), half) : half);
  if (is_decoding(call) && (few || !is_one_tile(call))) return path::decode;
  return is_one_tile(call) ? path::one_tile : path::prefill;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
