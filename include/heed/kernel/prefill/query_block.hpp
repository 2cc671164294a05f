// SPDX-License-Identifier: MIT
// A block of queries of one head, one a lane, and what it has gathered so far.
#pragma once

#include <heed/kernel/online_softmax.hpp>  // online_softmax
#include <heed/kernel/tile.hpp>            // queries_per_block, view
#include <heed/modifiers/problem.hpp>      // problem

#include <utility>  // swap

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Weighted values are summed a tile at a time, tiles within a chunk, and chunks in order: what a
// chunk adds is the same whether one thread goes through all of them or each goes to another.
template <class Scalar>
class query_block {
 public:
  index first_row;  // within the sequence
  index row_count;
  interval keys;    // what its queries may see at most
  Scalar* queries;  // (width, lanes), scaled
  online_softmax<Scalar> chunk;
  online_softmax<Scalar> total;  // of the chunks before; none yet unless has_total

  bool has_chunk = false;  // whether the current chunk has seen a tile
  bool has_total = false;
  bool loaded = false;    // whether queries have been brought in
  bool finished = false;  // whether results have been taken out

  // Room for queries of the sizes of a call, in `memory`; a second state only where `states` is 2.
  template <class Memory>
  static query_block in(Memory& memory, const problem& g, index states, Scalar* rescale,
                        index first_row, index row_count) {
    auto* const room = memory.template take<Scalar>(g.width * lanes);
    const auto state = [&] {
      return online_softmax<Scalar>::in(memory, rescale, row_count, g.value_width);
    };
    const auto chunk = state();
    return {first_row, row_count, {}, room, chunk, states > 1 ? state() : chunk};
  }

  // Serves these queries from now on, as many as there is room for at most.
  void serve(index row, index count) {
    first_row = row;
    row_count = count;
    chunk.packets = total.packets = packets_of<Scalar>(count);
  }

  // Begins with nothing, or with the logit of a sink, in base 4.
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

  // acc(feature, lane) = acc * rescale + sum of weights(key, lane) * value(key, feature), values as
  // they were packed.
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

  // Ends a chunk of keys; another begins.
  void close_chunk() {
    if (!has_chunk) return;
    has_total ? total.merge(chunk) : std::swap(total, chunk);
    chunk.reset();
    has_total = true;
    has_chunk = false;
  }

  // What has been gathered once the last chunk has ended.
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

// Which scores of a tile are -infinity. Only asked where a value is infinite or NaN, so that what a
// row does not attend to is not multiplied by 0 into it.
template <class Scalar>
class exclusions {
 public:
  explicit exclusions(bool* room) : excluded_(room) {}

  void note(const Scalar* scores, index keys, index packets) {
    lanes_ = packets * simd<Scalar>::size;
    for (index j = 0; j < keys; ++j)
      for (index i = 0; i < lanes_; ++i)
        excluded_[j * pitch + i] =
            exactly_equal(scores[j * pitch + i], -std::numeric_limits<Scalar>::infinity());
  }

  bool operator()(index key, index lane) const { return excluded_[key * pitch + lane]; }

  // query_block::accumulate without the excluded keys.
  void accumulate(query_block<Scalar>& block, const Scalar* weights,
                  const view<const Scalar>& values) const {
    for (index f = 0; f < values.cols; ++f)
      for (index i = 0; i < lanes_; ++i) {
        Scalar sum = 0;
        for (index j = 0; j < values.rows; ++j)
          if (!(*this)(j, i)) sum = fused(weights[j * pitch + i], values(j, f), sum);
        Scalar& acc = block.chunk.acc[f * pitch + i];
        acc = block.has_chunk ? fused(acc, block.chunk.rescale[i], sum) : sum;
      }
    block.has_chunk = true;
  }

 private:
  static constexpr index pitch = queries_per_block<Scalar>;

  bool* excluded_;  // (keys, lanes)
  index lanes_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
