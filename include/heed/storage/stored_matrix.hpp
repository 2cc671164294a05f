// SPDX-License-Identifier: MIT
// A matrix of numbers of any dtype, stored as in a file: read a few rows at a time, as floats.
//
//   heed::stored_matrix w{heed::dtype::q4_0, 1024, 768, bytes};  // 442368 bytes
//   w.read(10, 2, floats);  // rows 10 and 11: 2 * 768 floats
#pragma once

#include <heed/core/check.hpp>       // require
#include <heed/storage/convert.hpp>  // dtype, to_float

#include <cstdint>  // uint32_t
#include <memory>   // shared_ptr

namespace heed {
inline namespace HEED_ABI {

// Rows of whole blocks, one after the other. Refers to bytes at any address; `owner` keeps them
// alive.
struct stored_matrix {
  dtype type = dtype::f32;
  index rows = 0;
  index cols = 0;
  const std::byte* bytes = nullptr;
  std::shared_ptr<const void> owner = {};
  // The same numbers packed in panels, the order in which products read them, or null: see
  // pack_stored.hpp.
  std::shared_ptr<std::uint32_t[]> panels = {};

  [[nodiscard]] bool given() const { return bytes != nullptr; }
  [[nodiscard]] index row_bytes() const { return bytes_of(type, cols); }

  // Rows first ... first + count - 1 as a matrix of their own.
  [[nodiscard]] stored_matrix rows_of(index first, index count) const {
    return {type, count, cols, bytes + first * row_bytes(), owner, {}};
  }

  // Rows first ... first + count - 1, which must exist, as floats: (count, cols) by rows.
  template <class Float>
  void read(index first, index count, Float* to) const {
    detail::to_float(type, bytes + first * row_bytes(), count * cols, to);
  }

  // `some` columns from `column` on of one row: whole blocks.
  template <class Float>
  void read_part(index row, index column, index some, Float* to) const {
    detail::to_float(type, bytes + row * row_bytes() + bytes_of(type, column), some, to);
  }
};

namespace detail {

// The number of columns that are read at a time is a multiple of this: the least common multiple of
// all blocks.
inline constexpr index columns_of_all_blocks = 256;

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
