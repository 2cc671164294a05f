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
    detail::require(x.cols() == inputs(), name, ": x is ", detail::extent{x.rows(), x.cols()},
                    ", but inputs is ", inputs());
    const index count = x.rows() == 0 ? 0 : (x.rows() - 1) / stride + 1;
    matrix<Scalar> seen = matrix<Scalar>::Zero(count, weights.inputs());
    for (index t = 0; t < count; ++t)
      for (index k = 0; k < kernel; ++k) {
        const index from = t * stride + k - kernel / 2;
        if (from < 0 || from >= x.rows()) continue;
        for (index i = 0; i < x.cols(); ++i) seen(t, i * kernel + k) = x(from, i);
      }
    matrix<Scalar> y = weights(seen);
    activate(activation, y);
    return y;
  }

 private:
  static constexpr const char* name = "heed::convolution";
};

}  // namespace HEED_ABI
}  // namespace heed
