// SPDX-License-Identifier: MIT
// Pooling: one vector for a sequence from the vectors of its tokens.
//
//   heed::matrix<float> v = heed::pool(heed::pooling::mean, hidden, {0, 7, 19});  // (2, width)
#pragma once

#include <heed/core/check.hpp>  // require

#include <cmath>   // sqrt
#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

enum class pooling {
  first,          // the vector of the first token, [CLS]
  last,           // the vector of the last token
  mean,           // the mean
  largest,        // the maximum of each column (max pooling)
  mean_sqrt,      // the sum divided by √tokens
  weighted_mean,  // the mean in which token i, counted from 1, has the weight i
};

namespace detail {

template <class Rows>
auto pooled_row(pooling kind, const Rows& x) {
  using Scalar = typename Rows::Scalar;
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> v;
  const auto tokens = static_cast<Scalar>(x.rows());
  switch (kind) {
    case pooling::first:
      v = x.row(0);
      break;
    case pooling::last:
      v = x.row(x.rows() - 1);
      break;
    case pooling::mean:
      v = x.colwise().sum() / tokens;
      break;
    case pooling::largest:
      v = x.colwise().maxCoeff();
      break;
    case pooling::mean_sqrt:
      v = x.colwise().sum() / std::sqrt(tokens);
      break;
    case pooling::weighted_mean: {
      v.setZero(x.cols());
      for (index i = 0; i < x.rows(); ++i) v += static_cast<Scalar>(i + 1) * x.row(i);
      v /= tokens * (tokens + 1) / 2;
      break;
    }
  }
  return v;
}

}  // namespace detail

// x: (tokens, width); sequence i is the rows starts[i] ... starts[i + 1] - 1. Returns (sequences, width);
// throws shape_error for a sequence without tokens or starts that do not fit x.
template <class X>
[[nodiscard]] matrix<typename X::Scalar> pool(pooling kind, const X& x,
                                              const std::vector<index>& starts) {
  detail::require(!starts.empty() && starts.front() == 0 && starts.back() == x.rows(),
                  "heed::pool: starts must begin at 0 and end at ", x.rows(), ", the rows of x");
  matrix<typename X::Scalar> vectors(static_cast<index>(starts.size()) - 1, x.cols());
  for (index i = 0; i < vectors.rows(); ++i) {
    const index first = starts[static_cast<std::size_t>(i)],
                count = starts[static_cast<std::size_t>(i) + 1] - first;
    detail::require(first >= 0 && count > 0 && count <= x.rows() - first, "heed::pool: sequence ",
                    i, " has ", count, " tokens; at least one is needed");
    vectors.row(i) = detail::pooled_row(kind, x.middleRows(first, count));
  }
  return vectors;
}

}  // namespace HEED_ABI
}  // namespace heed
