// SPDX-License-Identifier: MIT
// Tiles: how many keys are taken at a time, and how they come in from the caller's memory.
#pragma once

#include <heed/core/simd.hpp>            // simd
#include <heed/core/view.hpp>            // view
#include <heed/kernel/lane_product.hpp>  // lane_side, packets_per_block

#include <algorithm>  // min
#include <cmath>      // isfinite

namespace heed {
inline namespace HEED_ABI {

// Keys of a tile. Tiles begin at multiples of it, counted from the first key of the sequence, so
// that a row's sums are formed in the same order whatever is asked beside it.
inline constexpr index keys_per_tile = 64;

// Queries of a block, one a lane.
template <class Scalar>
inline constexpr index queries_per_block = packets_per_block* simd<Scalar>::size;

// A tile of keys or values: row-major, without gaps, in the type of the sums.
template <class Scalar>
struct tile {
  Scalar* data;  // (keys, width)
  index width;

  // Copies rows of the caller's matrix, reading along its shorter stride.
  template <class Storage>
  void stage(const view<const Storage>& from) const {
    if (from.col_stride <= from.row_stride) {
      for (index row = 0; row < from.rows; ++row)
        for (index col = 0; col < from.cols; ++col)
          data[row * width + col] = static_cast<Scalar>(from(row, col));
    } else {
      for (index col = 0; col < from.cols; ++col)
        for (index row = 0; row < from.rows; ++row)
          data[row * width + col] = static_cast<Scalar>(from(row, col));
    }
  }

  // Whether no element of the first `keys` rows is infinite or NaN: 0 * x is NaN for those alone.
  bool finite(index keys) const {
    using s = simd<Scalar>;
    const index count = keys * width;
    const auto zero = s::broadcast(Scalar(0));
    typename s::packet sum[4] = {zero, zero, zero, zero};
    index i = 0;
    for (; i + 4 * s::size <= count; i += 4 * s::size)
      unroll<4>([&](auto n) HEED_INLINED {
        sum[n] = s::multiply_add(s::load(data + i + n * s::size), zero, sum[n]);
      });
    bool all = !s::any_not_equal(s::add(s::add(sum[0], sum[1]), s::add(sum[2], sum[3])), zero);
    for (; i < count; ++i) all = all && std::isfinite(data[i]);
    return all;
  }
};

// Brings queries in as lanes, scaled: lanes(f, i) = scale * from(i, f). Lanes beyond the last row,
// of which there must be one, hold it again, so that rules asked about them meet its scores.
template <class Storage, class Scalar>
void load_queries(lane_side<Scalar> lanes, index packets, const view<const Storage>& from,
                  Scalar scale) {
  for (index f = 0; f < from.cols; ++f) {
    Scalar* const row = lanes.data + f * lanes.pitch;
    for (index i = 0; i < from.rows; ++i) row[i] = scale * static_cast<Scalar>(from(i, f));
    for (index i = from.rows; i < packets * simd<Scalar>::size; ++i) row[i] = row[from.rows - 1];
  }
}

// Takes lanes out again: to(i, f) = lanes(f, i).
template <class Storage, class Scalar>
void store_lanes(const view<Storage>& to, lane_side<Scalar> lanes) {
  for (index i = 0; i < to.rows; ++i)
    for (index f = 0; f < to.cols; ++f)
      to(i, f) = static_cast<Storage>(lanes.data[f * lanes.pitch + i]);
}

}  // namespace HEED_ABI
}  // namespace heed
