// SPDX-License-Identifier: MIT
// y = x W + b, checked and ready.
#pragma once

#include <heed/storage/stored_matrix.hpp>  // stored_matrix
#include <heed/storage/view.hpp>           // view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Scalar>
struct gemm_call {
  view<Scalar> y;           // (rows, outputs)
  view<const Scalar> x;     // (rows, inputs)
  view<const Scalar> w;     // (inputs, outputs)
  view<const Scalar> bias;  // (1, outputs), or not given
  // Where given, W is its transpose, and w has the sizes of W alone; the first output is a row of it.
  const stored_matrix* stored = nullptr;
  index first_output = 0;

  // Some rows and outputs of it.
  gemm_call part(index row, index row_count, index column, index columns) const {
    return {y.block(row, column, row_count, columns),
            x.block(row, 0, row_count, x.cols),
            stored != nullptr ? view<const Scalar>{nullptr, w.rows, columns, 0, 0}
                              : w.block(0, column, w.rows, columns),
            bias.given() ? bias.block(0, column, 1, columns) : bias,
            stored,
            first_output + column};
  }

  // y = b
  void start() const {
    for (index row = 0; row < y.rows; ++row)
      for (index column = 0; column < y.cols; ++column)
        y(row, column) = bias.given() ? bias(0, column) : Scalar(0);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
