// SPDX-License-Identifier: MIT
// A block of queries of one head, one a lane, and what it has gathered so far.
#pragma once

#include <heed/kernel/bend.hpp>            // tile_place
#include <heed/kernel/online_softmax.hpp>  // online_softmax
#include <heed/kernel/tile.hpp>            // key_tile, value_tile

namespace heed {
inline namespace HEED_ABI {

template <class Scalar, class Unit>
struct query_block {
  index first_row;  // within the sequence
  index row_count;
  interval keys;    // what its queries may see at most
  Scalar* queries;  // (width, lanes), scaled
  online_softmax<Scalar, Unit> state;

  // scores(key, lane) = key · query
  void multiply(Scalar* scores, const key_tile<Scalar>& tile, index count) const {
    lane_product<Scalar, along_rows>({scores, lanes}, {tile.data, tile.width},
                                     packed_lanes<Scalar>{queries}, count, state.packets,
                                     tile.width, from_zero<Scalar>{});
  }

  // rows(feature, lane) = rows * factor + sum of weights(key, lane) * value(key, feature)
  void accumulate(const Scalar* weights, const value_tile<Scalar>& values, index count) const {
    lane_product<Scalar, along_rows>({state.rows, lanes}, {values.data, values.pitch},
                                     packed_lanes<Scalar>{weights}, values.width, state.packets,
                                     count, from_scaled<Scalar>{state.factor});
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
  void accumulate(const online_softmax<Scalar, Unit>& state, const Scalar* weights,
                  const value_tile<Scalar>& values, index keys) const {
    for (index f = 0; f < values.width; ++f)
      for (index i = 0; i < lanes_; ++i) {
        Scalar& row = state.rows[f * pitch + i];
        row *= state.factor[i];
        for (index j = 0; j < keys; ++j)
          if (!excluded_[j * pitch + i])
            row = fused(weights[j * pitch + i], values.data[f * values.pitch + j], row);
      }
  }

 private:
  static constexpr index pitch = queries_per_block<Scalar>;

  bool* excluded_;  // (keys, lanes)
  index lanes_ = 0;
};

}  // namespace HEED_ABI
}  // namespace heed
