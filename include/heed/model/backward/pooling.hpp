// SPDX-License-Identifier: MIT
// The gradients of poolings.
//
//   heed::matrix<float> v = heed::pool(heed::pooling::mean, x, starts);
//   heed::pool_backward(heed::pooling::mean, x, starts, d_v, d_x);  // adds to d_x, (tokens, width)
#pragma once

#include <heed/model/pooling.hpp>      // pool
#include <heed/modifiers/problem.hpp>  // check_size
#include <heed/storage/view.hpp>       // view_of

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// d_x += the gradient of x; d: the gradient of pooled_row(kind, x).
template <class Rows, class Row, class D>
void pooled_row_backward(pooling kind, const Rows& x, const Row& d, D&& d_x) {
  using Scalar = typename Rows::Scalar;
  const auto tokens = static_cast<Scalar>(x.rows());
  switch (kind) {
    case pooling::first:
      d_x.row(0) += d;
      break;
    case pooling::last:
      d_x.row(x.rows() - 1) += d;
      break;
    case pooling::mean:  // v = Σ x_i / tokens
      d_x.rowwise() += d / tokens;
      break;
    case pooling::largest:  // v = max x_i: the first of those that are the largest
      for (index f = 0; f < x.cols(); ++f) {
        index largest = 0;
        x.col(f).maxCoeff(&largest);
        d_x(largest, f) += d(f);
      }
      break;
    case pooling::mean_sqrt:  // v = Σ x_i / √tokens
      d_x.rowwise() += d / std::sqrt(tokens);
      break;
    case pooling::weighted_mean:  // v = Σ (i + 1) x_i / (1 + ... + tokens)
      for (index i = 0; i < x.rows(); ++i)
        d_x.row(i) += static_cast<Scalar>(i + 1) / (tokens * (tokens + 1) / 2) * d;
      break;
  }
}

}  // namespace detail

// d_x += the gradient of x. x and d_x: (tokens, width); d_v: (sequences, width), the gradient of
// pool(kind, x, starts). Throws shape_error if sizes do not fit.
template <class X, class DV, class DX>
void pool_backward(pooling kind, const X& x, const std::vector<index>& starts, const DV& d_v,
                   DX&& d_x) {
  constexpr const char* name = "heed::pool_backward";
  using Scalar = typename X::Scalar;
  detail::check_starts(name, "starts", "x", detail::number_span<index>(starts), x.rows());
  const auto sequences = static_cast<index>(starts.size()) - 1;
  detail::check_size(name, "d_v", detail::view<const Scalar>(detail::view_of(d_v)),
                     {sequences, x.cols()});
  detail::check_size(name, "d_x", detail::view<const Scalar>(detail::view_of(d_x)),
                     {x.rows(), x.cols()});
  for (index i = 0; i < sequences; ++i) {
    const index first = starts[static_cast<std::size_t>(i)],
                count = starts[static_cast<std::size_t>(i) + 1] - first;
    detail::require(count > 0, name, ": sequence ", i, " has no tokens; at least one is needed");
    detail::pooled_row_backward(kind, x.middleRows(first, count), d_v.row(i),
                                d_x.middleRows(first, count));
  }
}

}  // namespace HEED_ABI
}  // namespace heed
