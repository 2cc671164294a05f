// SPDX-License-Identifier: MIT
// A matrix in memory of its own, in any layout, with guard values around and between its elements.
#pragma once

#include <heed/storage/view.hpp>

#include <Eigen/Core>
#include <vector>

namespace support {

enum class layout { row_major, column_major, strided };

template <class Scalar>
class guarded {
 public:
  using map = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>, 0,
                         Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

  // Every element, those that belong to the matrix too, begins as `guard`.
  guarded(heed::index rows, heed::index cols, layout order, Scalar guard)
      : rows_(rows), cols_(cols), guard_(guard) {
    const heed::index gap = 3;  // lines are longer than they need be
    switch (order) {
      case layout::row_major:
        row_stride_ = cols + gap, col_stride_ = 1;
        break;
      case layout::column_major:
        row_stride_ = 1, col_stride_ = rows + gap;
        break;
      case layout::strided:
        row_stride_ = 2 * cols + gap, col_stride_ = 2;
        break;
    }
    const heed::index lines = order == layout::column_major ? cols : rows;
    const heed::index pitch = order == layout::column_major ? col_stride_ : row_stride_;
    memory_.assign(static_cast<std::size_t>(2 * margin + lines * pitch), guard);
  }

  map matrix() { return map(memory_.data() + margin, rows_, cols_, {col_stride_, row_stride_}); }

  // Whether everything outside the matrix still is the guard value.
  bool intact() const {
    std::vector<bool> inside(memory_.size(), false);
    for (heed::index r = 0; r < rows_; ++r)
      for (heed::index c = 0; c < cols_; ++c)
        inside[static_cast<std::size_t>(margin + r * row_stride_ + c * col_stride_)] = true;
    for (std::size_t i = 0; i < memory_.size(); ++i)
      if (!inside[i] && !heed::detail::exactly_equal(memory_[i], guard_)) return false;
    return true;
  }

 private:
  static constexpr heed::index margin = 40;

  heed::index rows_, cols_, row_stride_ = 0, col_stride_ = 0;
  Scalar guard_;
  std::vector<Scalar> memory_;
};

}  // namespace support
