// SPDX-License-Identifier: MIT
// A setting of heed::attention_backward: the gradient of a learned number for each distance.
//
//   heed::matrix<double> d_table = heed::matrix<double>::Zero(heads, 2 * reach + 1);
//   heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v,
//                            heed::detail::distance_bias_rule{&table},
//                            heed::detail::distance_bias_gradient{&table, &d_table});
#pragma once

#include <heed/core/check.hpp>                   // require, extent
#include <heed/modifiers/options/gradients.hpp>  // backward_settings

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Adds to `into`, (heads, 2 * reach + 1), also where the call overwrites its other gradients:
//
//   d_table(head, reach + d) += the sum of d_score over all pairs of the head whose distance counts as d
//
// Sums are of double and in a fixed order; they take memory for a row of the table a thread. An empty
// `into` asks for nothing. Throws shape_error if `into` is neither empty nor as large as the table.
struct distance_bias_gradient {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "distance_bias_gradient";

  const matrix<double>* table;  // that of the call's distance_bias_rule
  matrix<double>* into;

  template <class Scalar>
  void apply(backward_settings<Scalar>& s) const {
    if (into->size() == 0) return;
    const extent is{into->rows(), into->cols()}, must{table->rows(), table->cols()};
    require(is.rows == must.rows && is.cols == must.cols, s.verb,
            ": the gradient of the bias of distances is ", is, ", but the bias is ", must);
    s.d_distance_bias = view_of(*into);
  }
  template <class Scalar>
  void apply(settings<Scalar>&) const {
    only_of_backward<Scalar>();
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
