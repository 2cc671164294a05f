// SPDX-License-Identifier: MIT
// A convolution along the rows of a sequence, with zeros before its first row and after its last.
//
//   heed::convolution<float> conv({.inputs = 80, .outputs = 512, .kernel = 3, .stride = 2});
//   heed::matrix<float> y = conv(x);  // x: (3000, 80), y: (1500, 512)
#pragma once

#include <heed/layer/activation.hpp>  // activation, activate
#include <heed/layer/linear.hpp>      // linear

namespace heed {
inline namespace HEED_ABI {

// y(t) = f(b + sum over k of x(t * stride + k - kernel / 2) W_k).
template <class Scalar>
struct convolution {
  struct sizes {
    index inputs;
    index outputs;
    index kernel = 3;  // rows of x that each result is computed from; odd
    index stride = 1;  // rows from one result to the next
    heed::activation activation = heed::activation::identity;
    std::uint64_t seed = 0;
  };

  linear<Scalar> weights;  // (inputs * kernel, outputs): the rows of a column of x lie together
  index kernel = 3;
  index stride = 1;
  heed::activation activation = heed::activation::identity;

  convolution() = default;
  explicit convolution(const sizes& s)
      : kernel(s.kernel), stride(s.stride), activation(s.activation) {
    detail::require(s.kernel > 0 && s.kernel % 2 == 1 && s.stride > 0, name, ": kernel is ",
                    s.kernel, ", stride is ", s.stride,
                    "; both must be positive, and kernel must be odd");
    weights = linear<Scalar>({s.inputs * s.kernel, s.outputs, true, s.seed});
  }

  [[nodiscard]] index inputs() const { return weights.inputs() / kernel; }

  // x: (rows, inputs). Returns ((rows - 1) / stride + 1, outputs). Takes memory for as many rows of
  // inputs * kernel.
  template <class X>
  [[nodiscard]] matrix<Scalar> operator()(const X& x) const {
    matrix<Scalar> y = weights(seen(x));
    activate(activation, y);
    return y;
  }

  // What the weights are given for x, (rows, inputs): the rows that each result sees, ((rows - 1) / stride + 1,
  // inputs * kernel), those of a column of x side by side. Throws shape_error for other columns.
  //
  //   conv.seen(x)  // x: rows (1, 4), (2, 5); kernel 3: (0, 1, 2, 0, 4, 5), (1, 2, 0, 4, 5, 0)
  template <class X>
  [[nodiscard]] matrix<Scalar> seen(const X& x) const {
    detail::require(x.cols() == inputs(), name, ": x is ", detail::extent{x.rows(), x.cols()},
                    ", but inputs is ", inputs());
    const index count = x.rows() == 0 ? 0 : (x.rows() - 1) / stride + 1;
    matrix<Scalar> rows = matrix<Scalar>::Zero(count, weights.inputs());
    for_each_row_seen(x.rows(), [&](index t, index k, index row) {
      for (index i = 0; i < x.cols(); ++i) rows(t, i * kernel + k) = x(row, i);
    });
    return rows;
  }

  // Calls use(t, k, row) for each result t and each of the `rows` of x that it sees, at place k of the kernel.
  template <class Use>
  void for_each_row_seen(index rows, const Use& use) const {
    for (index t = 0; t * stride < rows; ++t)
      for (index k = 0; k < kernel; ++k) {
        const index row = t * stride + k - kernel / 2;
        if (row >= 0 && row < rows) use(t, k, row);
      }
  }

 private:
  static constexpr const char* name = "heed::convolution";
};

}  // namespace HEED_ABI
}  // namespace heed
