// SPDX-License-Identifier: MIT
// The weights of a layer: a matrix in memory, or numbers of any dtype, stored as in a file.
//
//   heed::parameter<float> w;
//   w = heed::matrix<float>::Zero(768, 3072);  // (inputs, outputs)
//   w.stored = {heed::dtype::q4_0, 3072, 768, bytes, owner};  // (outputs, inputs); w itself is empty
#pragma once

#include <heed/storage/stored_matrix.hpp>  // stored_matrix
#include <heed/storage/view.hpp>           // view

#include <type_traits>  // is_same_v, remove_cvref_t
#include <utility>      // forward, move

namespace heed {
inline namespace HEED_ABI {

// A row-major Eigen matrix, (inputs, outputs), with all members of one. If `stored` is given, the
// weights are the stored numbers and the matrix is empty: layers read the numbers as float when
// they use them.
template <class Scalar>
struct parameter : matrix<Scalar> {
  using matrix<Scalar>::matrix;

  parameter() = default;
  // Moves the numbers in.
  parameter(matrix<Scalar>&& numbers) : matrix<Scalar>(std::move(numbers)) {}

  // Replaces the weights by these numbers; `stored` becomes empty.
  template <class Numbers>
  requires(!std::is_same_v<std::remove_cvref_t<Numbers>, parameter>) parameter& operator=(
      Numbers&& numbers) {
    matrix<Scalar>::operator=(std::forward<Numbers>(numbers));
    stored = {};
    return *this;
  }

  stored_matrix stored = {};

  [[nodiscard]] index inputs() const { return stored.given() ? stored.cols : this->rows(); }
  [[nodiscard]] index outputs() const { return stored.given() ? stored.rows : this->cols(); }
};

}  // namespace HEED_ABI
}  // namespace heed
