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

// Keys of a chunk, whose sums are formed apart. Many tiles, so that adding chunks up costs little;
// not too many, so that one query over many keys is work for several threads.
inline constexpr index keys_per_chunk = 8 * keys_per_tile;

// Queries of a block, one a lane.
template <class Scalar>
inline constexpr index queries_per_block = packed_lanes<Scalar>::pitch;

// A tile of keys: (keys, width), in the type of the sums.
template <class Scalar>
struct key_tile {
  Scalar* data;
  index width;

  template <class Storage>
  void stage(const view<const Storage>& keys) const {
    copy(view<Scalar>{data, keys.rows, width, width, 1}, keys);
  }
  key_tile from(index key) const { return {data + key * width, width}; }
};

// A tile of values, turned: (width, keys). The product with the weights then reads them along
// rows, each cache line once.
template <class Scalar>
struct value_tile {
  static constexpr index pitch = keys_per_tile;

  Scalar* data;
  index width;

  template <class Storage>
  void stage(const view<const Storage>& values) const {
    copy(view<Scalar>{data, width, values.rows, pitch, 1}, values.turned());
  }
  value_tile from(index key) const { return {data + key, width}; }

  // Whether no element of the first `keys` values is infinite or NaN: 0 * x is NaN for those alone.
  bool finite(index keys) const {
    using s = simd<Scalar>;
    const auto zero = s::broadcast(Scalar(0));
    typename s::packet sums[2] = {zero, zero};
    bool all = true;
    for (index f = 0; f < width; ++f) {
      const Scalar* const row = data + f * pitch;
      index key = 0;
      for (; key + 2 * s::size <= keys; key += 2 * s::size)
        unroll<2>([&](auto n) HEED_INLINED {
          sums[n] = s::multiply_add(s::load(row + key + n * s::size), zero, sums[n]);
        });
      for (; key < keys; ++key) all = all && std::isfinite(row[key]);
    }
    return all && !s::any_not_equal(s::add(sums[0], sums[1]), zero);
  }
};

// Brings queries in as lanes, scaled: lanes(f, i) = scale * from(i, f). Lanes beyond the last row,
// of which there must be one, hold it again, so that rules asked about them meet its scores.
template <class Storage, class Scalar>
void load_queries(Scalar* lanes, index packets, const view<const Storage>& from, Scalar scale) {
  constexpr index pitch = queries_per_block<Scalar>;
  copy(view<Scalar>{lanes, from.cols, from.rows, pitch, 1}, from.turned(), scale);
  const index given = packets * simd<Scalar>::size;
  for (index f = 0; f < from.cols && from.rows < given; ++f) {
    Scalar* const row = lanes + f * pitch;
    std::fill(row + from.rows, row + given, row[from.rows - 1]);
  }
}

// Takes lanes out again: to(i, f) = lanes(f, i).
template <class Storage, class Scalar>
void store_lanes(const view<Storage>& to, const Scalar* lanes) {
  copy(to.turned(), view<const Scalar>{lanes, to.cols, to.rows, queries_per_block<Scalar>, 1});
}

}  // namespace HEED_ABI
}  // namespace heed
