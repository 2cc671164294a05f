// SPDX-License-Identifier: MIT
// y = x W + b or y += x W, checked and ready.
#pragma once

#include <heed/storage/stored_matrix.hpp>  // stored_matrix
#include <heed/storage/view.hpp>           // view

#include <algorithm>  // copy, fill

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What the sums begin with: the bias, or 0 without one; or what y holds.
enum class sums_begin { with_bias, with_y };

template <class Scalar>
struct gemm_call {
  view<Scalar> y;           // (rows, outputs)
  view<const Scalar> x;     // (rows, inputs)
  view<const Scalar> w;     // (inputs, outputs)
  view<const Scalar> bias;  // (1, outputs), or not given
  // Where given, W is its transpose, and w has the sizes of W alone; the first output is a row of it.
  const stored_matrix* stored = nullptr;
  index first_output = 0;
  sums_begin begin = sums_begin::with_bias;

  // Some rows and outputs of it.
  gemm_call part(index row, index row_count, index column, index columns) const {
    return {y.block(row, column, row_count, columns),
            x.block(row, 0, row_count, x.cols),
            stored != nullptr ? view<const Scalar>{nullptr, w.rows, columns, 0, 0}
                              : w.block(0, column, w.rows, columns),
            bias.given() ? bias.block(0, column, 1, columns) : bias,
            stored,
            first_output + column,
            begin};
  }

  // y = b
  void start() const {
    if (begin == sums_begin::with_y) return;
    const bool by_rows = y.cols > 0 && y.col_stride == 1 && (!bias.given() || bias.col_stride == 1);
    for (index row = 0; row < y.rows; ++row) {
      if (by_rows && bias.given())
        std::copy(bias.data, bias.data + y.cols, &y(row, 0));
      else if (by_rows)
        std::fill(&y(row, 0), &y(row, 0) + y.cols, Scalar(0));
      else
        for (index column = 0; column < y.cols; ++column)
          y(row, column) = bias.given() ? bias(0, column) : Scalar(0);
    }
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
