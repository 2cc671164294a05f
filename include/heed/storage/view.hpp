// SPDX-License-Identifier: MIT
// A strided view of the caller's matrix: a pointer, two sizes, two strides.
//
//   Eigen::MatrixXf m(5, 4);
//   view<float> all = view_of(m);
//   all(2, 3) = 1;  // m(2, 3) is 1
#pragma once

#include <heed/core/concepts.hpp>           // storage, index
#include <heed/storage/storage_traits.hpp>  // accumulator_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Scalar is const where the view may only be read. Valid as long as the object that the view refers
// to.
template <class Scalar>
struct view {
  Scalar* data = nullptr;
  index rows = 0;
  index cols = 0;
  index row_stride = 0;  // elements from one row to the next
  index col_stride = 0;  // elements from one column to the next

  Scalar& operator()(index row, index col) const {
    return data[row * row_stride + col * col_stride];
  }

  view block(index first_row, index first_col, index row_count, index col_count) const {
    if (row_count == 0 || col_count == 0)
      return {data, row_count, col_count, row_stride, col_stride};
    return {&(*this)(first_row, first_col), row_count, col_count, row_stride, col_stride};
  }

  // The transpose.
  view transposed() const { return {data, cols, rows, col_stride, row_stride}; }

  bool given() const { return data != nullptr; }

  operator view<const Scalar>() const requires(!std::is_const_v<Scalar>) {
    return {data, rows, cols, row_stride, col_stride};
  }
};

// Views any direct-access Eigen object without copying; read-only where the object is.
template <storage Object>
auto view_of(Object&& object) {
  return view<element_of<Object>>{object.data(), object.rows(), object.cols(), object.rowStride(),
                                  object.colStride()};
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
