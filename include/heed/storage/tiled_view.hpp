// SPDX-License-Identifier: MIT
// A view of the caller's keys or values, whose rows may lie in tiles: each tile holds 64 rows,
// transposed, that is by columns.
//
//   element (row, column) of tiles:  data[row / 64 * tile_stride + column * 64 + row % 64]
//
// 64 neighbouring keys, and a tile of one head, are then contiguous, the layout that a product of
// few queries with keys reads; see heed::key_tiles.
#pragma once

#include <heed/core/check.hpp>       // append
#include <heed/storage/overlap.hpp>  // overlap, view

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {

// Keys of a tile. Kernels process as many keys at a time, counted from the first key of the
// sequence, so that the sums of a row are formed in the same order whatever other rows the call
// has.
inline constexpr index keys_per_tile = 64;

namespace detail {

template <class Scalar>
struct tiled_view {
  Scalar* data = nullptr;  // the first tile, if there are tiles
  index rows = 0;
  index cols = 0;
  index row_stride = 0;  // elements from one row to the next, within a tile
  index col_stride = 0;
  index tile_stride = 0;  // elements from one tile to the next; 0: there are none
  index first = 0;        // row of the first tile that is row 0 of this view

  tiled_view() = default;
  // A view without tiles.
  template <class Other>
  requires std::is_convertible_v<view<Other>, view<Scalar>> tiled_view(const view<Other>& v)
      : data(v.data),
        rows(v.rows),
        cols(v.cols),
        row_stride(v.row_stride),
        col_stride(v.col_stride) {}

  // The first rows of tiles that lie one behind another, each of 64 * cols elements.
  static tiled_view of_tiles(Scalar* data, index rows, index cols) {
    tiled_view all(view<Scalar>{data, rows, cols, 1, keys_per_tile});
    all.tile_stride = keys_per_tile * cols;
    return all;
  }

  [[nodiscard]] bool in_tiles() const { return tile_stride != 0; }

  Scalar& operator()(index row, index col) const { return *(address_of(row) + col * col_stride); }

  // How many rows, from `row` on, lie in the same tile.
  [[nodiscard]] index rows_in_tile(index row) const {
    return in_tiles() ? (std::min)(rows - row, keys_per_tile - (first + row) % keys_per_tile)
                      : rows - row;
  }

  // A part whose rows lie in the same tile.
  [[nodiscard]] view<Scalar> block(index first_row, index first_col, index row_count,
                                   index col_count) const {
    const bool any = row_count > 0 && col_count > 0;
    return {any ? &(*this)(first_row, first_col) : data, row_count, col_count, row_stride,
            col_stride};
  }

  // Some of the rows.
  [[nodiscard]] tiled_view some_rows(index first_row, index count) const {
    tiled_view some = *this;
    some.rows = count;
    some.first = in_tiles() ? (first + first_row) % keys_per_tile : 0;
    some.data = address_of(first_row) - some.first * row_stride;
    return some;
  }

  // Some of the columns.
  [[nodiscard]] tiled_view some_cols(index first_col, index count) const {
    tiled_view some = *this;
    some.cols = count;
    some.data = data + first_col * col_stride;
    return some;
  }

  // The memory of the tiles, as one row; there is at least one.
  [[nodiscard]] view<Scalar> tiles() const {
    const index before = divide_up(first + rows, keys_per_tile) - 1;
    const index count = before * tile_stride + cols * keys_per_tile;
    return {data, 1, count, count, 1};
  }

  operator tiled_view<const Scalar>() const requires(!std::is_const_v<Scalar>) {
    tiled_view<const Scalar> same(view<const Scalar>{data, rows, cols, row_stride, col_stride});
    same.tile_stride = tile_stride;
    same.first = first;
    return same;
  }

 private:
  Scalar* address_of(index row) const {
    if (!in_tiles()) return data + row * row_stride;
    const index in_all = first + row;
    return data + in_all / keys_per_tile * tile_stride + in_all % keys_per_tile * row_stride;
  }
};

// Whether the matrix shares an element with another; for tiles the answer is a cautious yes if the
// other lies within the memory of the tiles.
template <class A, class B>
bool overlap(const view<A>& a, const tiled_view<B>& b) {
  if (b.rows == 0 || b.cols == 0) return false;
  return overlap(a, b.in_tiles() ? b.tiles() : b.block(0, 0, b.rows, b.cols));
}
template <class A, class B>
bool overlap(const tiled_view<A>& a, const tiled_view<B>& b) {
  if (a.rows == 0 || a.cols == 0) return false;
  return overlap(a.in_tiles() ? a.tiles() : a.block(0, 0, a.rows, a.cols), b);
}

template <class Scalar>
void append(std::string& sentence, const tiled_view<Scalar>& matrix) {
  append(sentence, view<Scalar>{matrix.data, matrix.rows, matrix.cols, 0, 0});
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
