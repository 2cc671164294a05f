// SPDX-License-Identifier: MIT
// What normalisations share: checks, and y = (x - mean) * factor * weight + bias for each row or, where
// rows hold heads, for each head.
#pragma once

#include <heed/core/check.hpp>         // require
#include <heed/core/types.hpp>         // matrix
#include <heed/modifiers/problem.hpp>  // check_size
#include <heed/simd/fused.hpp>         // fused
#include <heed/storage/overlap.hpp>    // overlap
#include <heed/storage/view.hpp>       // view_of

#include <algorithm>    // copy
#include <array>        // array
#include <cmath>        // sqrt
#include <type_traits>  // integral_constant

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One sentence for each thing that can be wrong with the types of a call; true if nothing is.
template <class Scalar, class X, class Y>
constexpr bool norm_call_is_good() {
  static_assert(storage<X>, "heed: the x of a norm must be an Eigen matrix, stored or .eval()ed");
  static_assert(writable<Y>, "heed: the y of a norm must be a writable Eigen matrix");
  if constexpr (storage<X> && writable<Y>) {
    constexpr bool same = storage_of<X, Scalar> && storage_of<Y, Scalar>;
    static_assert(same, "heed: x, y and the weight of a norm have different scalar types");
    return same;
  } else {
    return false;
  }
}

// Refuses a y that has other sizes than x, or that shares memory with x without being x.
template <class Scalar>
void check_norm_output(const char* name, const view<const Scalar>& x, const view<Scalar>& y) {
  check_size(name, "y", y, {x.rows, x.cols});
  const bool in_place =
      x.data == y.data && x.row_stride == y.row_stride && x.col_stride == y.col_stride;
  require(in_place || !overlap(y, x), name, ": y (", y, ") overlaps x (", x, ") in memory");
}

// Rows whose sums are formed side by side, so that additions need not wait for each other.
inline constexpr index rows_summed_at_once = 8;

// add(r, ... add(r, add(r, 0, x(r, 0)), x(r, 1)) ..., x(r, cols - 1)) for each row r: one chain, which does not depend
// on the rows beside it.
template <std::size_t Rows, class Scalar, class Add>
std::array<double, Rows> sums_of_rows(const view<const Scalar>& x, const Add& add) {
  std::array<double, Rows> sums{};
  for (index i = 0; i < x.cols; ++i)
    for (std::size_t r = 0; r < Rows; ++r)
      sums[r] = add(r, sums[r], static_cast<double>(x(static_cast<index>(r), i)));
  return sums;
}

// Numbers of a row that are normed side by side.
inline constexpr index norm_lanes = 8;

// What a row is normed with: (x - mean) * factor.
struct row_statistics {
  double mean;
  double factor;
};

template <class Scalar>
struct norm_call {
  const char* name;
  const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>& weight;
  const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>& bias;
  index parts = 1;  // of the weight, each of which is normed by itself

  // statistics(std::integral_constant<index, Rows>(), rows) of a view of so many rows; x may be several times as wide as the weight, whose numbers
  // then serve each part of a row.
  template <class Statistics>
  void operator()(const view<const Scalar>& x, const view<Scalar>& y,
                  const Statistics& statistics) const {
    const index all = weight.size();
    require(all > 0 && x.cols % all == 0, name, ": x is ", x, ", but the weight has ", all,
            " numbers");
    require(parts > 0 && all % parts == 0, name, ": the weight has ", all,
            " numbers, which are not ", parts, " equal parts");
    require(bias.size() == 0 || bias.size() == all, name, ": the bias has ", bias.size(),
            " numbers, but the weight has ", all);
    check_norm_output(name, x, y);
    const index width = all / parts;
    index row = 0;
    const auto norm_rows = [&](auto count) {
      for (index first = 0; first < x.cols; first += width) {
        const auto all_statistics = statistics(count, x.block(row, first, count, width));
        for (index r = 0; r < count; ++r)
          norm_part(x.block(row + r, first, 1, width), y.block(row + r, first, 1, width),
                    all_statistics[static_cast<std::size_t>(r)],
                    first % all);  // where its numbers begin in weight and bias
      }
      row += count;
    };
    while (row + rows_summed_at_once <= x.rows)
      norm_rows(std::integral_constant<index, rows_summed_at_once>());
    while (row < x.rows) norm_rows(std::integral_constant<index, 1>());
  }

 private:
  void norm_part(const view<const Scalar>& x, const view<Scalar>& y, const row_statistics& s,
                 index part) const {
    const Scalar* const w = weight.data() + part;
    const Scalar* const b = bias.size() == 0 ? nullptr : bias.data() + part;
    // x - mean is small beside both where the numbers of a row are close to each other, so the
    // difference is formed before anything is rounded to Scalar.
    const auto normed = [&](Scalar value) {
      return static_cast<Scalar>((static_cast<double>(value) - s.mean) * s.factor);
    };
    index i = 0;
    if (x.col_stride == 1 && y.col_stride == 1)
      for (; i + norm_lanes <= x.cols; i += norm_lanes) {
        Scalar some[static_cast<std::size_t>(norm_lanes)];  // x may be y
        HEED_LOOP_OF_LANES for (index k = 0; k < norm_lanes; ++k) some[k] = normed(x.data[i + k]);
        if (b == nullptr)
          HEED_LOOP_OF_LANES for (index k = 0; k < norm_lanes; ++k) some[k] *= w[i + k];
        else
          HEED_LOOP_OF_LANES for (index k = 0; k < norm_lanes; ++k) some[k] =
              fused(some[k], w[i + k], b[i + k]);
        std::copy(some, some + norm_lanes, y.data + i);
      }
    for (; i < x.cols; ++i) {
      const Scalar value = normed(x(0, i));
      y(0, i) = b == nullptr ? value * w[i] : fused(value, w[i], b[i]);
    }
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
