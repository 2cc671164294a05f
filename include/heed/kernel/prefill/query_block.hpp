// SPDX-License-Identifier: MIT
// A block of queries of one head, one a lane, and the state of their online softmax.
#pragma once

#include <heed/kernel/excluded_pairs.hpp>  // excluded_pairs
#include <heed/kernel/online_softmax.hpp>  // online_softmax
#include <heed/kernel/tile.hpp>            // queries_per_block, view
#include <heed/modifiers/interval.hpp>     // interval

#include <utility>  // swap

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Weighted values are summed a tile at a time, tiles within a chunk, and chunks in order: the sum
// of a chunk is the same whether one thread processes all chunks or several threads share them.
template <class Scalar>
class query_block {
 public:
  index first_row;  // within the sequence
  index row_count;
  interval keys;    // an interval of all keys that its queries may see
  Scalar* queries;  // (width, lanes), scaled
  online_softmax<Scalar> chunk;
  online_softmax<Scalar> total;  // of the chunks before; unused unless has_total

  bool has_chunk = false;  // whether the current chunk has seen a tile
  bool has_total = false;
  bool loaded = false;    // whether queries have been packed
  bool finished = false;  // whether results have been stored

  // Takes buffers from `memory` for queries and values of these widths; a second state only if
  // `states` is 2.
  template <class Memory>
  static constexpr query_block in(Memory& memory, index width, index value_width, index states,
                                  Scalar* rescale, index first_row, index row_count) {
    auto* const room = memory.template take<Scalar>(width * lanes);
    const auto state = [&] {
      return online_softmax<Scalar>::in(memory, rescale, row_count, value_width);
    };
    const auto chunk = state();
    return {first_row, row_count, {}, room, chunk, states > 1 ? state() : chunk};
  }

  // Assigns query rows to the lanes: `count` rows from `row` on, as many as there are lanes at
  // most.
  void serve(index row, index count) {
    first_row = row;
    row_count = count;
    chunk.packets = total.packets = packets_of<Scalar>(count);
  }

  // Starts with empty sums, or with the logit of a sink, in base 4.
  void reset() {
    chunk.reset();
    has_chunk = false;
    has_total = false;
  }
  void reset_to_sink(Scalar logit) {
    reset();
    total.reset(logit);
    has_total = true;
  }

  // scores(key, lane) = key · query
  void multiply(Scalar* scores, const view<const Scalar>& tile) const {
    macro_kernel(packed_lanes<Scalar>{scores}, a_operand<Scalar>{tile.data, tile.row_stride},
                 packed_lanes<const Scalar>{queries}, tile.rows, chunk.packets, tile.cols,
                 from_zero<Scalar>());
  }

  // acc(feature, lane) = acc * rescale + sum of weights(key, lane) * value(key, feature), with
  // values as packed.
  void accumulate(const Scalar* weights, const view<const Scalar>& values) {
    accumulate(weights, {values.data, keys_per_tile}, values,
               has_chunk ? onto_scaled(chunk.rescale) : from_zero<Scalar>());
    has_chunk = true;
  }

  // The same for the first tile, with values where the caller has them.
  void accumulate_in_place(const Scalar* weights, const view<const Scalar>& values) {
    accumulate(weights, {values.data, 1, values.row_stride}, values, from_zero<Scalar>());
    has_chunk = true;
  }

  // The same without the excluded pairs.
  void accumulate_seen(const Scalar* weights, const view<const Scalar>& values,
                       const excluded_pairs& excluded) {
    for (index f = 0; f < values.cols; ++f)
      for (index i = 0; i < chunk.packets * simd<Scalar>::size; ++i) {
        const Scalar sum = excluded.sum(weights, i, values, f);
        Scalar& acc = chunk.acc[f * lanes + i];
        acc = has_chunk ? fused(acc, chunk.rescale[i], sum) : sum;
      }
    has_chunk = true;
  }

  // Ends a chunk of keys and begins the next.
  void close_chunk() {
    if (!has_chunk) return;
    has_total ? total.merge(chunk) : std::swap(total, chunk);
    chunk.reset();
    has_total = true;
    has_chunk = false;
  }

  // The state after the last chunk.
  const online_softmax<Scalar>& gathered() const { return has_total ? total : chunk; }

  // acc / sum
  void finish() {
    if (has_total) close_chunk();
    if (!has_total && !has_chunk) chunk.clear_acc();
    gathered().finish();
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;

  void accumulate(const Scalar* weights, const a_operand<Scalar>& by_feature,
                  const view<const Scalar>& values, const c_update<Scalar>& update) const {
    macro_kernel(packed_lanes<Scalar>{chunk.acc}, by_feature, packed_lanes<const Scalar>{weights},
                 values.cols, chunk.packets, values.rows, update);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
