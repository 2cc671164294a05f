// SPDX-License-Identifier: MIT
// A block of queries of one head, one a lane, and what it has gathered so far.
#pragma once

#include <heed/kernel/bend.hpp>            // tile_place
#include <heed/kernel/online_softmax.hpp>  // online_softmax
#include <heed/kernel/tile.hpp>            // key_tile, value_tile

#include <utility>  // swap

namespace heed {
inline namespace HEED_ABI {

// Weighted values are summed a tile at a time, tiles within a chunk, and chunks in order: what a
// chunk adds is the same whether one thread goes through all of them or each goes to another.
template <class Scalar, class Unit>
class query_block {
 public:
  index first_row;  // within the sequence
  index row_count;
  interval keys;    // what its queries may see at most
  Scalar* queries;  // (width, lanes), scaled
  online_softmax<Scalar, Unit> chunk;
  online_softmax<Scalar, Unit> total;  // of the chunks before; none yet unless has_total

  bool has_chunk = false;  // whether a tile of the chunk at hand has been folded
  bool has_total = false;

  // scores(key, lane) = key · query
  void multiply(Scalar* scores, const key_tile<Scalar>& tile, index count) const {
    lane_product<Scalar, along_rows>({scores, lanes}, {tile.data, tile.width},
                                     packed_lanes<Scalar>{queries}, count, chunk.packets,
                                     tile.width, from_zero<Scalar>{});
  }

  // rows(feature, lane) = rows * factor + sum of weights(key, lane) * value(key, feature)
  void accumulate(const Scalar* weights, const value_tile<Scalar>& values, index count) {
    const auto product = [&](const auto& sums) {
      lane_product<Scalar, along_rows>({chunk.rows, lanes}, {values.data, values.pitch},
                                       packed_lanes<Scalar>{weights}, values.width, chunk.packets,
                                       count, sums);
    };
    has_chunk ? product(onto_scaled<Scalar>{chunk.factor}) : product(from_zero<Scalar>{});
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
  const online_softmax<Scalar, Unit>& gathered() const { return has_total ? total : chunk; }

  // rows / sum
  void finish() {
    if (has_total) close_chunk();
    if (!has_total && !has_chunk) chunk.clear_rows();
    gathered().finish();
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;
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
            scores[j * pitch + i] == -std::numeric_limits<Scalar>::infinity();
  }

  // query_block::accumulate without the excluded keys.
  template <class Unit>
  void accumulate(query_block<Scalar, Unit>& block, const Scalar* weights,
                  const value_tile<Scalar>& values, index keys) const {
    for (index f = 0; f < values.width; ++f)
      for (index i = 0; i < lanes_; ++i) {
        Scalar sum = 0;
        for (index j = 0; j < keys; ++j)
          if (!excluded_[j * pitch + i])
            sum = fused(weights[j * pitch + i], values.data[f * values.pitch + j], sum);
        Scalar& row = block.chunk.rows[f * pitch + i];
        row = block.has_chunk ? fused(row, block.chunk.factor[i], sum) : sum;
      }
    block.has_chunk = true;
  }

 private:
  static constexpr index pitch = queries_per_block<Scalar>;

  bool* excluded_;  // (keys, lanes)
  index lanes_ = 0;
};

}  // namespace HEED_ABI
}  // namespace heed
