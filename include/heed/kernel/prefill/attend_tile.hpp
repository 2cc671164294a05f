// SPDX-License-Identifier: MIT
// Attention of one block of queries over one tile of keys:
//
//   scores = keys · queries; score rules, masks
//   p = 4^(scores - max);  sum = sum rescale + Σ p;  acc = acc rescale + valuesᵀ p
#pragma once

#include <heed/kernel/bound_rules.hpp>          // tile_rules, drop, tile_place
#include <heed/kernel/prefill/query_block.hpp>  // query_block, excluded_pairs

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The current tile of keys and values: packed copies, or the caller's memory.
template <class Scalar>
struct key_value_tile {
  view<const Scalar> keys;    // (keys, width)
  view<const Scalar> values;  // (keys, value width)
  bool in_place = false;
  bool finite = true;  // whether all values are

  // `count` keys from the tile's `first`.
  key_value_tile part(index first, index count) const {
    return {keys.block(first, 0, count, keys.cols), values.block(first, 0, count, values.cols),
            in_place, finite};
  }
};

// Working memory of a tile, which keeps nothing between tiles.
template <class Scalar>
struct tile_work {
  Scalar* scores;  // (keys, lanes)
  excluded_pairs excluded;
  Scalar damping;  // attention_call::damping

  template <class Memory>
  static constexpr tile_work in(Memory& memory, index keys, Scalar damping) {
    constexpr index lanes = queries_per_block<Scalar>;
    return {memory.template take<Scalar>(keys * lanes),
            excluded_pairs{memory.template take<bool>(keys * lanes), 1, lanes}, damping};
  }
};

template <class Scalar>
void attend_tile(query_block<Scalar>& q, const key_value_tile<Scalar>& tile,
                 const tile_place& place, const tile_rules<Scalar>& rules, coverage seen,
                 const tile_dropout<Scalar>& drop, tile_work<Scalar>& work) {
  q.multiply(work.scores, tile.keys);     // scores = keys · queries
  rules.apply(work.scores, place, seen);  // score rules, masks
  if (!tile.finite)
    work.excluded.note(work.scores, q.chunk.packets * simd<Scalar>::size, place.key_count);
  q.chunk.update(work.scores, place.key_count);  // scores = 4^(scores - max), sum, rescale
  if (drop.given()) drop(work.scores, place);
  if (work.damping < 1)
    damp(work.scores, place.key_count, place.row_count, queries_per_block<Scalar>, work.damping);
  if (!tile.finite)
    q.accumulate_seen(work.scores, tile.values, work.excluded);
  else if (tile.in_place)
    q.accumulate_in_place(work.scores, tile.values);
  else
    q.accumulate(work.scores, tile.values);  // acc = acc rescale + valuesᵀ scores
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
