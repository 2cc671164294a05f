// SPDX-License-Identifier: MIT
// Tiles: how many keys are taken at a time, and how they come in from the caller's memory.
#pragma once

#include <heed/core/copy.hpp>            // copy
#include <heed/kernel/lane_product.hpp>  // packed_lanes

#include <algorithm>  // fill
#include <cmath>      // isfinite

namespace heed {
inline namespace HEED_ABI {

// Keys of a tile. Tiles begin at multiples of it, counted from the first key of the sequence, so
// that a row's sums are formed in the same order whatever is asked beside it.
inline constexpr index keys_per_tile = 64;

// Queries of a block, one a lane.
template <class Scalar>
inline constexpr index queries_per_block = packed_lanes<Scalar>::pitch;

// A tile of keys or values: row-major, without gaps, in the type of the sums.
template <class Scalar>
struct tile {
  Scalar* data;  // (keys, width)
  index width;

  // Copies rows of the caller's matrix.
  template <class Storage>
  void stage(const view<const Storage>& from) const {
    copy(view<Scalar>{data, from.rows, width, width, 1}, from);
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
void load_queries(Scalar* lanes, index packets, const view<const Storage>& from, Scalar scale) {
  constexpr index pitch = queries_per_block<Scalar>;
  copy(view<Scalar>{lanes, from.cols, from.rows, pitch, 1}, from.turned(), scale);
  for (index f = 0; f < from.cols; ++f) {
    Scalar* const row = lanes + f * pitch;
    std::fill(row + from.rows, row + packets * simd<Scalar>::size, row[from.rows - 1]);
  }
}

// Takes lanes out again: to(i, f) = lanes(f, i).
template <class Storage, class Scalar>
void store_lanes(const view<Storage>& to, const Scalar* lanes) {
  copy(to.turned(), view<const Scalar>{lanes, to.cols, to.rows, queries_per_block<Scalar>, 1});
}

}  // namespace HEED_ABI
}  // namespace heed
