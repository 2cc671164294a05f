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

#include <cmath>  // sqrt

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

  // statistics(row) of a view of one row; x may be several times as wide as the weight, whose numbers
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
    for (index row = 0; row < x.rows; ++row)
      for (index first = 0; first < x.cols; first += width) {
        const index part = first % all;  // where its numbers begin in weight and bias
        const row_statistics s = statistics(x.block(row, first, 1, width));
        for (index i = 0; i < width; ++i) {
          // x - mean is small beside both where the numbers of a row are close to each other, so the
          // difference is formed before anything is rounded to Scalar.
          const double centred = static_cast<double>(x(row, first + i)) - s.mean;
          const auto normed = static_cast<Scalar>(centred * s.factor);
          y(row, first + i) = bias.size() == 0 ? normed * weight[part + i]
                                               : fused(normed, weight[part + i], bias[part + i]);
        }
      }
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
