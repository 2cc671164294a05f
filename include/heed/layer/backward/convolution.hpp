// SPDX-License-Identifier: MIT
// A convolution along rows, with what its backward needs, and its gradients.
//
//   heed::saved<heed::convolution<float>> kept;
//   heed::forward(conv, x, y, kept);                   // y = conv(x)
//   heed::backward(conv, x, kept, d_y, d_x, gradient);
//   heed::backward(conv, x, kept, d_y, gradient);      // where x is what a program was given, such as sound
#pragma once

#include <heed/layer/backward/activation.hpp>  // activate_backward
#include <heed/layer/backward/linear.hpp>      // backward of linear
#include <heed/layer/convolution.hpp>          // convolution

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct saved<convolution<Scalar>> {
  matrix<Scalar> sums;  // what the activation is given, (results, outputs)
};

// y = conv(x), with the same bits. x: (rows, inputs); y becomes ((rows - 1) / stride + 1, outputs).
template <class Scalar, class X>
void forward(const convolution<Scalar>& conv, const X& x, matrix<Scalar>& y,
             saved<convolution<Scalar>>& kept, const executor& run = {}) {
  const matrix<Scalar> seen = conv.seen(x);
  kept.sums.resize(seen.rows(), conv.weights.outputs());
  conv.weights(seen, kept.sums, on(run));
  y = kept.sums;
  activate(conv.activation, y);
}

namespace detail {

// The gradient of the sums, from that of the results.
template <class Scalar>
matrix<Scalar> gradient_of_sums(const convolution<Scalar>& conv,
                                const saved<convolution<Scalar>>& kept, const matrix<Scalar>& d_y) {
  check_size("heed::backward of convolution", "d_y", view<const Scalar>(view_of(d_y)),
             {kept.sums.rows(), kept.sums.cols()});
  matrix<Scalar> d = d_y;
  activate_backward(conv.activation, kept.sums, d);
  return d;
}

}  // namespace detail

// The gradients of the weights alone. x: (rows, inputs), d_y: ((rows - 1) / stride + 1, outputs). Throws shape_error if
// sizes do not fit.
template <class Scalar, class X>
void backward(const convolution<Scalar>& conv, const X& x, const saved<convolution<Scalar>>& kept,
              const matrix<Scalar>& d_y, convolution<Scalar>& gradient, const executor& on = {}) {
  const matrix<Scalar> d = detail::gradient_of_sums(conv, kept, d_y), seen = conv.seen(x);
  detail::backward_of_weights(conv.weights, detail::view<const Scalar>(detail::view_of(seen)),
                              detail::view<const Scalar>(detail::view_of(d)), gradient.weights, on);
}

// The same with that of x, which is added to d_x, (rows, inputs).
template <class Scalar, class X>
void backward(const convolution<Scalar>& conv, const X& x, const saved<convolution<Scalar>>& kept,
              const matrix<Scalar>& d_y, matrix<Scalar>& d_x, convolution<Scalar>& gradient,
              const executor& on = {}) {
  detail::check_size("heed::backward of convolution", "d_x",
                     detail::view<const Scalar>(detail::view_of(d_x)), {x.rows(), x.cols()});
  const matrix<Scalar> d = detail::gradient_of_sums(conv, kept, d_y), seen = conv.seen(x);
  // y = f(seen W + b)
  matrix<Scalar> d_seen = matrix<Scalar>::Zero(seen.rows(), seen.cols());
  backward(conv.weights, seen, d, d_seen, gradient.weights, on);
  // seen(t, i kernel + k) = x(row, i)
  detail::in_blocks(on, x.cols(), detail::columns_of_block, [&](index first, index count) {
    conv.for_each_row_seen(x.rows(), [&](index t, index k, index row) {
      for (index i = first; i < first + count; ++i) d_x(row, i) += d_seen(t, i * conv.kernel + k);
    });
  });
}

}  // namespace HEED_ABI
}  // namespace heed
