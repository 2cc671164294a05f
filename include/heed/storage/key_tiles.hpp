// SPDX-License-Identifier: MIT
// Keys as a cache stores them: transposed in tiles of 64 keys, each of which lies by columns, so
// that q kᵀ of a few queries needs no transposition and no packing.
//
//   heed::key_tiles<float> k = cache.keys();            // (5, 2 * 64), an Eigen expression
//   heed::attention(q, k, cache.values(), out, heads);  // as it is
//   heed::matrix<float> rows = k.bottomRows(2);         // copied where rows are wanted
#pragma once

#include <heed/core/check.hpp>          // require
#include <heed/storage/tiled_view.hpp>  // tiled_view

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The functor of an Eigen expression: computes one coefficient.
template <class Storage>
struct tile_reader {
  tiled_view<const Storage> all;

  Storage operator()(index row, index col) const { return all(row, col); }
};

template <class Storage>
using tile_expression = Eigen::CwiseNullaryOp<tile_reader<Storage>, matrix<Storage>>;

}  // namespace detail

// Some rows of a matrix in tiles, (rows, heads * width). Refers to the memory: element (i, j) lies
// at data[i / 64 * 64 * cols + j * 64 + i % 64]. The last tile has room for 64 rows, too, and
// kernels may read what lies beyond the last row, though they do not use it.
template <class Storage>
class key_tiles : public detail::tile_expression<Storage> {
 public:
  // The first `rows` rows in tiles from `data` on.
  key_tiles(const Storage* data, index rows, index cols)
      : key_tiles(detail::tiled_view<const Storage>::of_tiles(data, rows, cols)) {}
  explicit key_tiles(const detail::tiled_view<const Storage>& all)
      : detail::tile_expression<Storage>(all.rows, all.cols, {all}) {}

  // Some of the rows, as keys again. If these rows do not begin with a tile, heed::attention copies
  // them first; for the last rows alone, heed::window is faster. Throws std::out_of_range for rows
  // or columns that do not exist.
  [[nodiscard]] key_tiles topRows(index count) const { return middleRows(0, count); }
  [[nodiscard]] key_tiles bottomRows(index count) const {
    return middleRows(this->rows() - count, count);
  }
  [[nodiscard]] key_tiles middleRows(index first, index count) const {
    check("rows", first, count, this->rows());
    return key_tiles(this->functor().all.some_rows(first, count));
  }

  // Some of the columns: whole heads.
  [[nodiscard]] key_tiles leftCols(index count) const { return middleCols(0, count); }
  [[nodiscard]] key_tiles rightCols(index count) const {
    return middleCols(this->cols() - count, count);
  }
  [[nodiscard]] key_tiles middleCols(index first, index count) const {
    check("columns", first, count, this->cols());
    return key_tiles(this->functor().all.some_cols(first, count));
  }

  // The start of the first tile that holds one of these rows: tiled memory, not a row-major matrix.
  [[nodiscard]] const Storage* first_tile() const { return this->functor().all.data; }

 private:
  static void check(const char* what, index first, index count, index all) {
    detail::require<std::out_of_range>(first >= 0 && count >= 0 && count <= all - first,
                                       "heed::key_tiles: ", count, " ", what, " from ", first,
                                       " on are not among ", all);
  }
};

namespace detail {

template <class Storage>
tiled_view<const Storage> view_of(const key_tiles<Storage>& k) {
  return k.functor().all;
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
