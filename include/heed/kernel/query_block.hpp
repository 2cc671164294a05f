// SPDX-License-Identifier: MIT
// A block of queries of one head, one a lane, and what it has gathered so far.
#pragma once

#include <heed/kernel/bend.hpp>            // tile_place
#include <heed/kernel/online_softmax.hpp>  // online_softmax
#include <heed/kernel/tile.hpp>            // tile, queries_per_block, keys_per_tile

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct query_block {
  index first_row;  // within the sequence
  index row_count;
  interval keys;              // what its queries may see at most
  lane_side<Scalar> queries;  // (width, lanes), scaled
  online_softmax<Scalar> state;

  // scores(key, lane) = key · query
  void multiply(lane_side<Scalar> scores, const tile<Scalar>& key_tile, index count) const {
    lane_product<Scalar>(scores, {key_tile.data, key_tile.width, 1}, {queries.data, queries.pitch},
                         count, state.packets, key_tile.width, from_zero{});
  }

  // rows(feature, lane) += sum of weights(key, lane) * value(key, feature)
  void accumulate(lane_side<Scalar> weights, const tile<Scalar>& value_tile, index count) const {
    lane_product<Scalar>(state.rows, {value_tile.data, 1, value_tile.width},
                         {weights.data, weights.pitch}, value_tile.width, state.packets, count,
                         from_memory{});
  }
};

// Which scores of a tile are -infinity. Only asked where a value is infinite or NaN, so that what a
// row does not attend to is not multiplied by 0 into it.
template <class Scalar>
class exclusions {
 public:
  explicit exclusions(bool* room) : excluded_(room) {}

  void note(lane_side<Scalar> scores, index keys, index packets) {
    lanes_ = packets * simd<Scalar>::size;
    for (index j = 0; j < keys; ++j)
      for (index i = 0; i < lanes_; ++i)
        excluded_[j * lanes_ + i] =
            scores.data[j * scores.pitch + i] == -std::numeric_limits<Scalar>::infinity();
  }

  // query_block::accumulate without the excluded keys.
  void accumulate(const online_softmax<Scalar>& state, lane_side<Scalar> weights,
                  const tile<Scalar>& values, index keys) const {
    for (index j = 0; j < keys; ++j)
      for (index f = 0; f < values.width; ++f)
        for (index i = 0; i < lanes_; ++i)
          if (!excluded_[j * lanes_ + i]) {
            Scalar& row = state.rows.data[f * state.rows.pitch + i];
            row =
                fused(weights.data[j * weights.pitch + i], values.data[j * values.width + f], row);
          }
  }

 private:
  // The product and sum of the vector kernel, for one lane.
  static Scalar fused(Scalar a, Scalar b, Scalar c) {
    using s = simd<Scalar>;
    alignas(64) Scalar result[static_cast<std::size_t>(s::size)];
    s::store(result, s::multiply_add(s::broadcast(a), s::broadcast(b), s::broadcast(c)));
    return result[0];
  }

  bool* excluded_;
  index lanes_ = 0;
};

}  // namespace HEED_ABI
}  // namespace heed
