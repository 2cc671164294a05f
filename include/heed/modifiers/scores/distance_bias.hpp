// SPDX-License-Identifier: MIT
// A learned number for each distance between query and key, added to the scores: T5's relative positions.
//
//   Eigen::MatrixXd table{{0.1, 0.2, 0.3}};            // (heads, 2 * reach + 1): distances -1, 0 and 1
//   heed::detail::distance_bias_rule rule{&table};     // a key 7 places after its query adds 0.3
//
// Shaw, Uszkoreit and Vaswani, "Self-Attention with Relative Position Representations", 2018.
#pragma once

#include <heed/core/check.hpp>       // require
#include <heed/core/concepts.hpp>    // score_kind
#include <heed/modifiers/scope.hpp>  // at, scope

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// How far the key stands after the query, at most `reach`; before it: at least -reach.
constexpr position limited_distance(at i, position reach) {
  const position apart = i.key - i.query;
  return apart < -reach ? -reach : (apart > reach ? reach : apart);
}

// The numbers of one head.
struct bound_distance_bias {
  using heed_kind = score_kind;
  static constexpr bool adds = true;
  const double* at_zero;  // the number of distance 0
  position reach;

  template <class Scalar>
  Scalar operator()(Scalar s, at i) const {
    return s + static_cast<Scalar>(at_zero[limited_distance(i, reach)]);
  }
};

// The key at query + d adds table(head, reach + d); distances beyond the reach count as the reach. Refers
// to the table, (heads, 2 * reach + 1).
struct distance_bias_rule {
  using heed_kind = score_kind;
  const matrix<double>* table;

  [[nodiscard]] bound_distance_bias bind(const scope& s) const {
    const index reach = table->cols() / 2;
    return {table->data() + s.head * table->cols() + reach, static_cast<position>(reach)};
  }
  void check(const call_shape& shape) const {
    require(table->rows() == shape.query_heads && table->cols() % 2 == 1, shape.verb,
            ": the bias of distances is ", extent{table->rows(), table->cols()}, ", but there are ",
            shape.query_heads, " query heads, and the columns must be 2 * reach + 1");
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
