// SPDX-License-Identifier: MIT
// Copies between strided views, transposing in registers where rows meet columns, in vectors
// wherever one stride on either side is 1.
//
//   heed::copy(heed::view_of(row_major), heed::view_of(col_major), 0.5f);  // to = 0.5 * from
#pragma once

#include <heed/simd/simd.hpp>     // simd
#include <heed/simd/unroll.hpp>   // unroll
#include <heed/storage/view.hpp>  // view

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The type that a copy computes in: one of the types of its two sides.
template <class To, class From>
using copy_scalar = std::conditional_t<std::is_same_v<To, accumulator_t<To>>, To, From>;

template <class To, class From>
class copier {
 public:
  using Scalar = copy_scalar<To, std::remove_const_t<From>>;

  copier(const view<To>& to, const view<From>& from, Scalar factor)
      : to_(to), from_(from), factor_(factor) {}

  // Both by rows. Here and below, addresses are kept in variables apart from the views: compilers
  // assume that a vector's store may change the views.
  void straight() const {
    for (index i = 0; i < to_.rows; ++i) {
      To* const to = &to_(i, 0);
      const From* const from = &from_(i, 0);
      const auto factor = s::broadcast(factor_);
      const index cols = to_.cols / s::size * s::size;
      for (index j = 0; j < cols; j += s::size)
        s::store(to + j, s::multiply(s::load(from + j), factor));
      one_by_one(i, i + 1, cols, to_.cols);
    }
  }

  // `to` by rows, `from` by columns: squares of numbers are transposed in registers. Squares follow
  // one another along the lines of the side whose lines lie farther apart, so that a cache line is
  // used up before lines whose addresses are equal modulo a page evict it.
  void transposed() const {
    const index rows = to_.rows / n * n, cols = to_.cols / n * n;
    To* const to = to_.data;
    const From* const from = from_.data;
    const index to_stride = to_.row_stride, from_stride = from_.col_stride;
    const auto factor = s::broadcast(factor_);
    const auto square = [&](index i, index j) HEED_INLINED {
      typename s::packet lines[static_cast<std::size_t>(n)];
      s::load_transposed(lines, from + j * from_stride + i, from_stride);
      unroll<n>([&](auto r) HEED_INLINED {
        s::store(to + (i + r) * to_stride + j, s::multiply(lines[r], factor));
      });
    };
    if (from_stride > to_stride)
      for (index j = 0; j < cols; j += n)
        for (index i = 0; i < rows; i += n) square(i, j);
    else
      for (index i = 0; i < rows; i += n)
        for (index j = 0; j < cols; j += n) square(i, j);
    one_by_one(0, rows, cols, to_.cols);
    one_by_one(rows, to_.rows, 0, to_.cols);
  }

  // `to` by rows, `from` in any way.
  void gathered() const {
    index j = 0;
    if constexpr (std::is_same_v<To, Scalar> && std::is_same_v<std::remove_const_t<From>, Scalar>)
      for (; j + s::size <= to_.cols; j += s::size)
        for (index i = 0; i < to_.rows; ++i)
          s::store(&to_(i, j),
                   s::multiply(s::gather(&from_(i, j), from_.col_stride), s::broadcast(factor_)));
    one_by_one(0, to_.rows, j, to_.cols);
  }

  void any() const { one_by_one(0, to_.rows, 0, to_.cols); }

 private:
  using s = simd<Scalar>;
  static constexpr int n = static_cast<int>(s::size);

  void one_by_one(index first_row, index last_row, index first_col, index last_col) const {
    if (first_col >= last_col) return;
    for (index i = first_row; i < last_row; ++i)
      for (index j = first_col; j < last_col; ++j)
        to_(i, j) = static_cast<To>(factor_ * static_cast<Scalar>(from_(i, j)));
  }

  view<To> to_;
  view<From> from_;
  Scalar factor_;
};

// to(i, j) = factor * from(i, j), in `to`'s size. At most one of the two matrices holds half or
// bfloat16, or `from` holds 8-bit integers. A matrix without elements may have no address.
template <class To, class From>
void copy(const view<To>& to, const view<From>& from,
          detail::copy_scalar<To, std::remove_const_t<From>> factor = 1) {
  if (to.rows == 0 || to.cols == 0) return;
  if (to.col_stride != 1 && to.row_stride == 1)
    return copy(to.transposed(), from.transposed(), factor);
  const detail::copier<To, From> copier(to, from, factor);
  if (to.col_stride == 1 && from.col_stride == 1)
    copier.straight();
  else if (to.col_stride == 1 && from.row_stride == 1)
    copier.transposed();
  else if (to.col_stride == 1)
    copier.gathered();
  else
    copier.any();
}

// The same for any two types, number by number where `copy` has no vector code for these types: a
// few columns at a time, so that a matrix that lies by columns is read or written a line at a time,
// too.
template <class To, class From>
void copy_numbers(const view<To>& to, const view<From>& from) {
  if constexpr (std::is_same_v<std::remove_const_t<From>, accumulator_t<To>>) {
    copy(to, from);
  } else {
    constexpr index together = 16;
    for (index first = 0; first < to.cols; first += together)
      for (index i = 0; i < to.rows; ++i)
        for (index j = first; j < (std::min)(first + together, to.cols); ++j)
          to(i, j) = static_cast<To>(from(i, j));
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
