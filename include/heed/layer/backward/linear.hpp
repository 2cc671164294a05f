// SPDX-License-Identifier: MIT
// The gradients of a linear layer.
//
//   heed::backward(layer, x, d_y, d_x, gradient);  // d_x: (tokens, inputs), added to
#pragma once

#include <heed/layer/backward/saved.hpp>  // in_blocks
#include <heed/layer/linear.hpp>          // linear, gemm

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// y += a b, with chains in a fixed order; any strides. A y that lies by columns is the transpose of one by rows,
// with the same bits.
template <class Scalar>
void add_product(const view<Scalar>& y, const view<const Scalar>& a, const view<const Scalar>& b,
                 const executor& on) {
  if (y.col_stride != 1 && y.row_stride == 1)
    return add_product(y.transposed(), b.transposed(), a.transposed(), on);
  gemm_call<Scalar> call{y, a, b, {}};
  call.begin = sums_begin::with_y;
  gemm(call, on, default_scratch());
}

// to(i) += the sum of column i of rows, from the first row to the last.
template <class Scalar>
void add_columns(Scalar* to, const view<const Scalar>& rows, const executor& on) {
  in_blocks(on, rows.cols, columns_of_block, [&](index first, index count) {
    for (index row = 0; row < rows.rows; ++row)
      for (index i = first; i < first + count; ++i) to[i] += rows(row, i);
  });
}

}  // namespace detail

// x: (tokens, inputs), d_y: (tokens, outputs), d_x: (tokens, inputs). Throws shape_error if sizes do not fit or
// the weight is a file's (parameter::stored), which cannot be learned.
template <class Scalar, class X, class DY, class DX>
void backward(const linear<Scalar>& layer, const X& x, const DY& d_y, DX&& d_x,
              linear<Scalar>& gradient, const executor& on = {}) {
  constexpr const char* name = "heed::backward of linear";
  const detail::view<const Scalar> in = detail::view_of(x), out = detail::view_of(d_y);
  const detail::view<Scalar> to = detail::view_of(d_x);
  detail::require(!layer.weight.stored.given(), name,
                  ": the weight is stored as a file has it; give the layer a matrix of its own");
  detail::check_size(name, "x", in, {in.rows, layer.inputs()});
  detail::check_size(name, "d_y", out, {in.rows, layer.outputs()});
  detail::check_size(name, "d_x", to, {in.rows, layer.inputs()});
  const detail::view<const Scalar> weight = detail::view_of(layer.weight);
  // y = x W + b
  detail::add_product(to, out, weight.transposed(), on);
  if (gradient.weight.size() > 0) {
    const detail::view<Scalar> d_weight = detail::view_of(gradient.weight);
    detail::check_size(name, "gradient.weight", d_weight, {weight.rows, weight.cols});
    detail::add_product(d_weight, in.transposed(), out, on);
  }
  if (layer.bias.size() > 0 && gradient.bias.size() > 0) {
    detail::require(gradient.bias.size() == layer.bias.size(), name, ": gradient.bias has ",
                    gradient.bias.size(), " elements, but bias has ", layer.bias.size());
    detail::add_columns(gradient.bias.data(), out, on);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
