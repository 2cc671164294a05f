// SPDX-License-Identifier: MIT
// The weights of a layer: a matrix of one's own, or numbers as a file holds them, of any dtype.
//
//   heed::parameter<float> w;
//   w = heed::matrix<float>::Zero(768, 3072);  // (inputs, outputs)
//   w.stored = {heed::dtype::q4_0, 3072, 768, bytes, owner};  // (outputs, inputs); w itself is empty
#pragma once

#include <heed/storage/stored_matrix.hpp>  // stored_matrix
#include <heed/storage/view.hpp>           // view

#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {

// Is the matrix, (inputs, outputs), row-major, and can do all that Eigen's can. Where `stored` is given,
// the weights are those, and the matrix is empty: layers read them as they need them, in float.
template <class Scalar>
struct parameter : matrix<Scalar> {
  using matrix<Scalar>::matrix;
  using matrix<Scalar>::operator=;

  parameter() = default;
  // Takes the numbers over.
  parameter(matrix<Scalar>&& numbers) : matrix<Scalar>(std::move(numbers)) {}

  stored_matrix stored = {};

  [[nodiscard]] index inputs() const { return stored.given() ? stored.cols : this->rows(); }
  [[nodiscard]] index outputs() const { return stored.given() ? stored.rows : this->cols(); }
};

}  // namespace HEED_ABI
}  // namespace heed
