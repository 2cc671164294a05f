// SPDX-License-Identifier: MIT
// Matrices of 8-bit integers with a scale for each row and head: a quarter of float's memory.
//
//   heed::quantised k(numbers, scales);  // (5, 2 * 64) of std::int8_t, (5, 2) of float
//   k(3, 64);                            // numbers(3, 64) * scales(3, 1)
//   heed::attention(q, k, v, out, heed::heads{8, 2});
//
// heed::quantise makes them.
#pragma once

#include <heed/core/check.hpp>          // require
#include <heed/core/concepts.hpp>       // storage
#include <heed/storage/copy.hpp>        // copy, simd
#include <heed/storage/tiled_view.hpp>  // tiled_view, overlap

#include <cstdint>  // int8_t

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// Some rows of one head: x(i, j) = scale(i) * number(i, j), rounded to float.
struct scaled_rows {
  const std::int8_t* data = nullptr;
  index rows = 0;
  index cols = 0;
  index row_stride = 0;
  index col_stride = 0;
  const float* scales = nullptr;
  index scale_stride = 0;  // elements from one row's to the next's

  [[nodiscard]] float scale(index row) const { return scales[row * scale_stride]; }
  float operator()(index row, index col) const {
    return scale(row) * static_cast<float>(data[row * row_stride + col * col_stride]);
  }

  [[nodiscard]] scaled_rows block(index first_row, index first_col, index row_count,
                                  index col_count) const {
    if (row_count == 0 || col_count == 0)
      return {data, row_count, col_count, row_stride, col_stride, scales, scale_stride};
    return {data + first_row * row_stride + first_col * col_stride,
            row_count,
            col_count,
            row_stride,
            col_stride,
            scales + first_row * scale_stride,
            scale_stride};
  }
};

template <class Object, class Element>
constexpr bool is_matrix_of() {
  if constexpr (storage<Object>)
    return std::is_same_v<scalar_of<Object>, Element>;
  else
    return false;
}

}  // namespace detail

// Keys or values for heed::attention: (rows, heads * width) numbers, (rows, heads) scales. Refers to
// both, which may be any Eigen objects with direct access; those of a cache's keys lie in tiles.
struct quantised {
  using Scalar = std::int8_t;

  detail::tiled_view<const std::int8_t> numbers;
  detail::tiled_view<const float> scales;

  quantised(const detail::tiled_view<const std::int8_t>& some_numbers,
            const detail::tiled_view<const float>& some_scales)
      : numbers(some_numbers), scales(some_scales) {
    detail::require(
        scales.rows == numbers.rows && scales.cols >= 1 && numbers.cols % scales.cols == 0,
        "heed::quantised: numbers are ", numbers, ", scales are ", scales,
        "; there must be as many rows of both, and a column of scales a head");
    detail::require(numbers.in_tiles() == scales.in_tiles() && numbers.first == scales.first,
                    "heed::quantised: numbers (", numbers, ") and scales (", scales,
                    ") must lie alike, both in tiles, from the same row of one on, or neither");
  }
  // Throws shape_error if sizes do not fit.
  template <detail::eigen_object Numbers, detail::eigen_object Scales>
  quantised(const Numbers& some_numbers, const Scales& some_scales)
      : quantised(as<std::int8_t>(some_numbers), as<float>(some_scales)) {}

  float operator()(index row, index col) const {
    return scales(row, col / width()) * static_cast<float>(numbers(row, col));
  }

  [[nodiscard]] index rows() const { return numbers.rows; }
  [[nodiscard]] index cols() const { return numbers.cols; }

  // Columns of one head.
  [[nodiscard]] index width() const { return numbers.cols / scales.cols; }

  // Some rows of one head, or of a part of it.
  [[nodiscard]] detail::scaled_rows block(index first_row, index first_col, index row_count,
                                          index col_count) const {
    const auto some = numbers.block(first_row, first_col, row_count, col_count);
    const bool any = row_count > 0 && col_count > 0;
    return {some.data,        some.rows,
            some.cols,        some.row_stride,
            some.col_stride,  any ? &scales(first_row, first_col / width()) : scales.data,
            scales.row_stride};
  }

 private:
  template <class Element, class Object>
  static detail::view<const Element> as(const Object& object) {
    constexpr bool fits = detail::is_matrix_of<Object, Element>();
    static_assert(fits,
                  "heed::quantised: numbers must be a matrix of std::int8_t and scales one of "
                  "float, stored, not an Eigen expression");
    if constexpr (fits)
      return detail::view_of(object);
    else
      return {};
  }
};

namespace detail {

inline quantised view_of(const quantised& rows) { return rows; }

// Some of the rows, for all heads.
template <class Scalar>
tiled_view<const Scalar> some_rows(const tiled_view<const Scalar>& all, index first, index count) {
  return all.some_rows(first, count);
}
inline quantised some_rows(const quantised& all, index first, index count) {
  return {all.numbers.some_rows(first, count), all.scales.some_rows(first, count)};
}

// Whether the numbers or the scales share an element with another matrix.
template <class Other>
bool overlap(const Other& a, const quantised& b) {
  return overlap(a, b.numbers) || overlap(a, b.scales);
}
template <class Scalar>
bool overlap(const quantised& a, const tiled_view<Scalar>& b) {
  return overlap(a.numbers, b) || overlap(a.scales, b);
}

// The stored numbers alone.
template <class Scalar>
view<Scalar> elements_of(const view<Scalar>& rows) {
  return rows;
}
template <class Scalar>
tiled_view<Scalar> elements_of(const tiled_view<Scalar>& rows) {
  return rows;
}
inline tiled_view<const std::int8_t> elements_of(const quantised& rows) { return rows.numbers; }
inline view<const std::int8_t> elements_of(const scaled_rows& rows) {
  return {rows.data, rows.rows, rows.cols, rows.row_stride, rows.col_stride};
}

// The same matrix without tiles, copied into memory of `frame`.
template <class Frame, class Scalar>
tiled_view<const Scalar> without_tiles(Frame& frame, const tiled_view<const Scalar>& all) {
  const view<Scalar> rows{frame.template take<Scalar>(all.rows * all.cols), all.rows, all.cols,
                          all.cols, 1};
  for (index i = 0; i < all.rows;) {
    const index count = all.rows_in_tile(i);
    copy_numbers(rows.block(i, 0, count, all.cols), all.block(i, 0, count, all.cols));
    i += count;
  }
  return rows;
}
template <class Frame>
quantised without_tiles(Frame& frame, const quantised& all) {
  return {without_tiles(frame, all.numbers), without_tiles(frame, all.scales)};
}

// Whether the numbers of a row lie next to each other.
template <class Rows>
bool lie_by_rows(const Rows& rows) {
  return elements_of(rows).col_stride == 1;
}

// Dequantisation of packets whose lanes are rows, row `first` on: multiplies numbers by their rows'
// scales; for matrices without scales, leaves numbers as they are.
template <class Scalar>
auto lane_scaling(const scaled_rows& rows, index first) {
  using s = simd<Scalar>;
  const auto scales = s::gather(rows.scales + first * rows.scale_stride, rows.scale_stride);
  return [scales](const auto& numbers) HEED_INLINED { return s::multiply(numbers, scales); };
}
template <class Scalar, class Storage>
auto lane_scaling(const view<const Storage>&, index) {
  return [](const auto& numbers) HEED_INLINED { return numbers; };
}

// to(i, j) = from(i, j), in `to`'s size.
inline void copy(const view<float>& to, const scaled_rows& from) {
  using s = simd<float>;
  constexpr int n = static_cast<int>(s::size);
  index transposed = 0;  // rows that have been copied so far, as squares transposed in registers
  const index cols = from.cols / n * n;
  const bool becomes_columns = to.row_stride == 1 && to.col_stride != 1 && from.col_stride == 1;
  const bool becomes_rows = to.col_stride == 1 && from.row_stride == 1 && from.col_stride != 1;
  if (becomes_columns || becomes_rows)
    for (; transposed + n <= from.rows; transposed += n) {
      const auto scaled = lane_scaling<float>(from, transposed);
      for (index j = 0; j < cols; j += n) {
        typename s::packet square[n];
        const std::int8_t* const corner =
            from.data + transposed * from.row_stride + j * from.col_stride;
        if (becomes_columns)
          s::load_transposed(square, corner, from.row_stride);
        else
          unroll<n>([&](auto f)
                        HEED_INLINED { square[f] = s::load(corner + f * from.col_stride); });
        unroll<n>([&](auto f) HEED_INLINED { square[f] = scaled(square[f]); });
        if (becomes_rows) s::transpose(square);
        float* const place = to.data + transposed * to.row_stride + j * to.col_stride;
        unroll<n>([&](auto f) HEED_INLINED {
          s::store(place + f * (becomes_rows ? to.row_stride : to.col_stride), square[f]);
        });
      }
    }
  const auto by_rows = [&](index first, index last, index first_col) {
    const view<const std::int8_t> numbers = elements_of(from);
    for (index i = first; i < last && first_col < from.cols; ++i)
      copy(to.block(i, first_col, 1, from.cols - first_col),
           numbers.block(i, first_col, 1, from.cols - first_col), from.scale(i));
  };
  by_rows(0, transposed, cols);
  by_rows(transposed, from.rows, 0);
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
