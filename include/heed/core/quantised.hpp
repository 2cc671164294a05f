// SPDX-License-Identifier: MIT
// Matrices of 8-bit integers with a scale for each row and head: a quarter of float's memory.
//
//   heed::matrix<std::int8_t> numbers(5, 2 * 64);
//   heed::matrix<float> scales(5, 2);        // a column a head
//   heed::quantise(k, numbers, scales);      // k: (5, 2 * 64)
//   heed::quantised(numbers, scales)(3, 64)  // numbers(3, 64) * scales(3, 1), near k(3, 64)
//
// Dettmers et al., "LLM.int8()", 2022, call this absmax quantisation, a vector at a time.
#pragma once

#include <heed/core/check.hpp>     // require
#include <heed/core/concepts.hpp>  // storage
#include <heed/core/copy.hpp>      // copy, simd
#include <heed/core/overlap.hpp>   // overlap

#include <algorithm>  // clamp, max
#include <cmath>      // abs, isfinite, isinf, nearbyint, nextafter
#include <cstdint>    // int8_t
#include <limits>     // quiet_NaN

namespace heed {
inline namespace HEED_ABI {

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

namespace detail {

template <class Object, class Element>
constexpr bool is_matrix_of() {
  if constexpr (storage<Object>)
    return std::is_same_v<scalar_of<Object>, Element>;
  else
    return false;
}

}  // namespace detail

// Keys or values for heed::attention: (rows, heads * width) numbers, (rows, heads) scales. Refers to
// both, which may be any Eigen objects with direct access.
struct quantised {
  using Scalar = std::int8_t;

  view<const std::int8_t> numbers;
  view<const float> scales;

  quantised(const view<const std::int8_t>& some_numbers, const view<const float>& some_scales)
      : numbers(some_numbers), scales(some_scales) {
    require(scales.rows == numbers.rows && scales.cols >= 1 && numbers.cols % scales.cols == 0,
            "heed::quantised: numbers are ", numbers, ", scales are ", scales,
            "; there must be as many rows of both, and a column of scales a head");
  }
  // Throws shape_error if sizes do not fit.
  template <eigen_object Numbers, eigen_object Scales>
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
  [[nodiscard]] scaled_rows block(index first_row, index first_col, index row_count,
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
  static view<const Element> as(const Object& object) {
    constexpr bool fits = detail::is_matrix_of<Object, Element>();
    static_assert(fits,
                  "heed::quantised: numbers must be a matrix of std::int8_t and scales one of "
                  "float, stored, not an Eigen expression");
    if constexpr (fits)
      return view_of(object);
    else
      return {};
  }
};

inline quantised view_of(const quantised& rows) { return rows; }

// Some of the rows, for all heads.
template <class Scalar>
view<const Scalar> some_rows(const view<const Scalar>& all, index first, index count) {
  return all.block(first, 0, count, all.cols);
}
inline quantised some_rows(const quantised& all, index first, index count) {
  return {all.numbers.block(first, 0, count, all.numbers.cols),
          all.scales.block(first, 0, count, all.scales.cols)};
}

// The stored numbers alone.
template <class Scalar>
view<const Scalar> numbers_of(const view<const Scalar>& rows) {
  return rows;
}
inline view<const std::int8_t> numbers_of(const quantised& rows) { return rows.numbers; }
inline view<const std::int8_t> numbers_of(const scaled_rows& rows) {
  return {rows.data, rows.rows, rows.cols, rows.row_stride, rows.col_stride};
}

// What makes packets of numbers, a row a lane from row `first` on, into what they stand for.
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
  index turned = 0;  // rows that have been copied, as squares that turn in registers
  const index cols = from.cols / n * n;
  if (to.row_stride == 1 && to.col_stride != 1 && from.col_stride == 1)
    for (; turned + n <= from.rows; turned += n) {
      const auto scaled = lane_scaling<float>(from, turned);
      for (index j = 0; j < cols; j += n) {
        typename s::packet square[n];
        s::load_turned(square, from.data + turned * from.row_stride + j, from.row_stride);
        unroll<n>([&](auto f) HEED_INLINED {
          s::store(to.data + turned + (j + f) * to.col_stride, scaled(square[f]));
        });
      }
    }
  const auto by_rows = [&](index first, index last, index first_col) {
    const view<const std::int8_t> numbers = numbers_of(from);
    for (index i = first; i < last && first_col < from.cols; ++i)
      copy(to.block(i, first_col, 1, from.cols - first_col),
           numbers.block(i, first_col, 1, from.cols - first_col), from.scale(i));
  };
  by_rows(0, turned, cols);
  by_rows(turned, from.rows, 0);
}

namespace detail {

// One head of one row.
template <class From>
float quantise_head(const view<From>& from, const view<std::int8_t>& to) {
  constexpr float most = 127;
  float largest = 0;
  bool finite = true;
  for (index j = 0; j < from.cols; ++j) {
    const auto x = static_cast<float>(from(0, j));
    finite = finite && std::isfinite(x);
    largest = std::max(largest, std::abs(x));
  }
  float scale = finite ? largest / most : std::numeric_limits<float>::quiet_NaN();
  if (std::isinf(scale * most)) scale = std::nextafter(scale, 0.0f);
  for (index j = 0; j < from.cols; ++j) {
    const float x = scale > 0 ? static_cast<float>(from(0, j)) / scale : 0;
    to(0, j) = static_cast<std::int8_t>(std::nearbyint(std::clamp(x, -most, most)));
  }
  return scale;
}

template <class From>
void quantise(const view<From>& from, const view<std::int8_t>& to, const view<float>& scales) {
  const index width = from.cols / scales.cols;
  for (index i = 0; i < from.rows; ++i)
    for (index h = 0; h < scales.cols; ++h)
      scales(i, h) =
          quantise_head(from.block(i, h * width, 1, width), to.block(i, h * width, 1, width));
}

template <class From>
void check_and_quantise(const view<From>& x, const view<std::int8_t>& numbers,
                        const view<float>& scales) {
  constexpr const char* verb = "heed::quantise";
  require(numbers.rows == x.rows && numbers.cols == x.cols && scales.rows == x.rows &&
              scales.cols >= 1 && x.cols % scales.cols == 0,
          verb, ": x is ", x, ", numbers are ", numbers, ", scales are ", scales,
          "; numbers must be as many as x has, scales a row a row and a column a head");
  require(!overlap(numbers, x) && !overlap(scales, x) && !overlap(numbers, scales), verb, ": x (",
          x, "), numbers (", numbers, ") and scales (", scales, ") must not overlap in memory");
  quantise(x, numbers, scales);
}

}  // namespace detail

// Rounds x, (rows, heads * width) of float, half or bfloat16, to numbers of the same size and
// scales, (rows, heads): the largest of a head becomes 127, so no number is off by more than the
// largest / 253, unless that is below 1e-35, where a scale has few bits or is 0. A head with a number
// that is not finite becomes NaN. Throws shape_error, before anything is written, if sizes do not fit
// or memory is shared.
template <class X, class Numbers, class Scales>
void quantise(const X& x, Numbers&& numbers, Scales&& scales) {
  constexpr bool reads = detail::is_matrix_of<X, float>() ||
                         detail::is_matrix_of<X, Eigen::half>() ||
                         detail::is_matrix_of<X, Eigen::bfloat16>();
  static_assert(reads,
                "heed::quantise: x must be a matrix of float, Eigen::half or Eigen::bfloat16, "
                "stored, not an Eigen expression");
  constexpr bool writes = writable<Numbers> && writable<Scales> &&
                          detail::is_matrix_of<Numbers, std::int8_t>() &&
                          detail::is_matrix_of<Scales, float>();
  static_assert(writes,
                "heed::quantise: numbers must be a matrix of std::int8_t and scales one of float, "
                "both memory that can be written to");
  if constexpr (reads && writes)
    detail::check_and_quantise(view_of(x), view_of(numbers), view_of(scales));
}

}  // namespace HEED_ABI
}  // namespace heed
