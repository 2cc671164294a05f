// SPDX-License-Identifier: MIT
// The gradients of a linear layer.
//
//   heed::backward(layer, x, d_y, d_x, gradient);  // d_x: (tokens, inputs), added to
#pragma once

#include <heed/layer/backward/saved.hpp>  // in_blocks
#include <heed/layer/linear.hpp>          // linear, gemm

#include <vector>  // vector

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

// Some rows of stored numbers, one after the other.
template <class Scalar>
void read_rows(const stored_matrix& from, index first, index count, Scalar* to) {
  if constexpr (std::is_same_v<Scalar, float>) {
    from.read(first, count, to);
  } else {
    std::vector<float> row(static_cast<std::size_t>(from.cols));
    for (index i = 0; i < count; ++i) {
      from.read(first + i, 1, row.data());
      std::copy(row.begin(), row.end(), to + i * from.cols);
    }
  }
}

// y += a s with the same chains, where s is stored: some rows of it at a time.
template <class Scalar>
void add_stored_product(const view<Scalar>& y, const view<const Scalar>& a, const stored_matrix& s,
                        const executor& on) {
  constexpr index rows_at_once = 256;
  scratch::frame frame(default_scratch());
  auto some = frame.template take_matrix<Scalar>((std::min)(rows_at_once, s.rows), s.cols);
  for (index first = 0; first < s.rows; first += rows_at_once) {
    const index count = (std::min)(rows_at_once, s.rows - first);
    in_blocks(on, count, rows_of_block, [&](index from, index rows) {
      read_rows(s, first + from, rows, some.data() + from * s.cols);
    });
    add_product(y, a.block(0, first, a.rows, count),
                view<const Scalar>(view_of(some.topRows(count))), on);
  }
}

// to(i) += the sum of column i of rows, from the first row to the last.
template <class Scalar>
void add_columns(Scalar* to, const view<const Scalar>& rows, const executor& on) {
  in_blocks(on, rows.cols, columns_of_block, [&](index first, index count) {
    for (index row = 0; row < rows.rows; ++row)
      for (index i = first; i < first + count; ++i) to[i] += rows(row, i);
  });
}

// The gradients of the weight and the bias alone, from x and d_y; those that are asked for.
template <class Scalar>
void backward_of_weights(const linear<Scalar>& layer, const view<const Scalar>& x,
                         const view<const Scalar>& d_y, linear<Scalar>& gradient,
                         const executor& on) {
  constexpr const char* name = "heed::backward of linear";
  if (gradient.weight.size() > 0) {
    const view<Scalar> d_weight = view_of(gradient.weight);
    check_size(name, "gradient.weight", d_weight, {layer.inputs(), layer.outputs()});
    add_product(d_weight, x.transposed(), d_y, on);
  }
  if (layer.bias.size() > 0 && gradient.bias.size() > 0) {
    require(gradient.bias.size() == layer.bias.size(), name, ": gradient.bias has ",
            gradient.bias.size(), " elements, but bias has ", layer.bias.size());
    add_columns(gradient.bias.data(), d_y, on);
  }
}

// The part of y that is scale (x down) up.
template <class Scalar>
void backward(const low_rank<Scalar>& layer, const view<const Scalar>& x,
              const view<const Scalar>& d_y, const view<Scalar>& d_x, low_rank<Scalar>& gradient,
              const executor& on) {
  const index rank = layer.down.cols();
  const auto scale = static_cast<Scalar>(layer.scale);
  scratch::frame frame(default_scratch());
  auto narrow = frame.template take_matrix<Scalar>(x.rows, rank);
  const auto numbers = view<const Scalar>(view_of(narrow));
  if (gradient.up.size() > 0) {
    const view<Scalar> d_up = view_of(gradient.up);
    check_size("heed::backward of linear", "gradient.adapter.up", d_up, {rank, d_y.cols});
    narrow.setZero();
    add_product(view_of(narrow), x, view<const Scalar>(view_of(layer.down)), on);
    narrow *= scale;
    add_product(d_up, numbers.transposed(), d_y, on);
  }
  narrow.setZero();
  add_product(view_of(narrow), d_y, view<const Scalar>(view_of(layer.up)).transposed(), on);
  narrow *= scale;
  add_product(d_x, numbers, view<const Scalar>(view_of(layer.down)).transposed(), on);
  if (gradient.down.size() == 0) return;
  const view<Scalar> d_down = view_of(gradient.down);
  check_size("heed::backward of linear", "gradient.adapter.down", d_down, {x.cols, rank});
  add_product(d_down, x.transposed(), numbers, on);
}

}  // namespace detail

// x: (tokens, inputs), d_y: (tokens, outputs), d_x: (tokens, inputs). The weight
// may be a stored one. Throws shape_error if sizes do not fit.
template <class Scalar, class X, class DY, class DX>
void backward(const linear<Scalar>& layer, const X& x, const DY& d_y, DX&& d_x,
              linear<Scalar>& gradient, const executor& on = {}) {
  constexpr const char* name = "heed::backward of linear";
  const detail::view<const Scalar> in = detail::view_of(x), out = detail::view_of(d_y);
  const detail::view<Scalar> to = detail::view_of(d_x);
  detail::check_size(name, "x", in, {in.rows, layer.inputs()});
  detail::check_size(name, "d_y", out, {in.rows, layer.outputs()});
  detail::check_size(name, "d_x", to, {in.rows, layer.inputs()});
  // y = x W + b + scale (x down) up
  if (layer.weight.stored.given())
    detail::add_stored_product(to, out, layer.weight.stored, on);
  else
    detail::add_product(to, out,
                        detail::view<const Scalar>(detail::view_of(layer.weight)).transposed(), on);
  if (layer.adapter.given()) detail::backward(layer.adapter, in, out, to, gradient.adapter, on);
  detail::backward_of_weights(layer, in, out, gradient, on);
}

}  // namespace HEED_ABI
}  // namespace heed
