// SPDX-License-Identifier: MIT
// Rounds a matrix to 8-bit integers with a scale for each row and head.
//
//   heed::matrix<std::int8_t> numbers(5, 2 * 64);
//   heed::matrix<float> scales(5, 2);         // a column a head
//   heed::quantise(k, numbers, scales);       // k: (5, 2 * 64)
//   heed::quantised(numbers, scales)(3, 64);  // near k(3, 64)
//
// Dettmers et al., "LLM.int8()", 2022, call this absmax quantisation, a vector at a time.
#pragma once

#include <heed/simd/simd.hpp>          // simd
#include <heed/storage/quantised.hpp>  // is_matrix_of, overlap, require, view

#include <algorithm>  // max_element, min
#include <bit>        // bit_cast
#include <cmath>      // isinf, nextafter
#include <cstdint>    // int8_t
#include <limits>     // quiet_NaN

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// Quantises one head of one row. Lanes beyond the last number hold zeros.
template <class From>
float quantise_head(const view<From>& from, const view<std::int8_t>& to) {
  using s = simd<float>;
  constexpr auto size = static_cast<std::size_t>(s::size);
  constexpr float most = 127;
  const auto zero = s::broadcast(0);
  const auto left = [&](index j) { return (std::min)(s::size, from.cols - j); };
  const auto load = [&](index j) {
    if (from.col_stride == 1 && left(j) == s::size) return s::load(&from(0, j));
    float some[size] = {};
    for (index i = 0; i < left(j); ++i) some[i] = static_cast<float>(from(0, j + i));
    return s::load(some);
  };

  auto magnitudes = zero, spoiled = zero;
  for (index j = 0; j < from.cols; j += s::size) {
    const auto x = load(j);
    magnitudes = s::maximum(magnitudes, s::maximum(x, s::subtract(zero, x)));
    spoiled = s::multiply_add(x, zero, spoiled);  // 0 unless a number is not finite
  }
  float lanes[size];
  s::store(lanes, magnitudes);
  const float largest = *std::max_element(lanes, lanes + size);
  const bool finite = !s::any_not_equal(spoiled, zero);
  float scale = finite ? largest / most : std::numeric_limits<float>::quiet_NaN();
  if (std::isinf(scale * most)) scale = std::nextafter(scale, 0.0f);

  // Adding 1.5 * 2^23 leaves the number, rounded, in the lowest bits.
  const auto rounder = s::broadcast(12582912);
  for (index j = 0; j < from.cols; j += s::size) {
    const auto x = scale > 0 ? s::divide(load(j), s::broadcast(scale)) : zero;
    const auto high = s::where_less(s::broadcast(most), x, s::broadcast(most), x);
    s::store(lanes, s::add(s::maximum(s::broadcast(-most), high), rounder));
    for (index i = 0; i < left(j); ++i)
      to(0, j + i) = static_cast<std::int8_t>(std::bit_cast<std::int32_t>(lanes[i]));
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
  constexpr bool writes = detail::writable<Numbers> && detail::writable<Scales> &&
                          detail::is_matrix_of<Numbers, std::int8_t>() &&
                          detail::is_matrix_of<Scales, float>();
  static_assert(writes,
                "heed::quantise: numbers must be a matrix of std::int8_t and scales one of float, "
                "both memory that can be written to");
  if constexpr (reads && writes)
    detail::check_and_quantise(detail::view_of(x), detail::view_of(numbers),
                               detail::view_of(scales));
}

}  // namespace HEED_ABI
}  // namespace heed
