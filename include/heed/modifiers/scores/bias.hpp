// SPDX-License-Identifier: MIT
// A matrix added to the scores.
//
//   heed::attention(q, k, v, out, heed::bias(matrix));                   // (queries, keys)
//   heed::attention(q, k, v, out, heed::heads{8}, heed::bias(stacked));  // (8 * queries, keys)
#pragma once

#include <heed/core/concepts.hpp>               // score_kind
#include <heed/core/narrow.hpp>                 // narrowed
#include <heed/modifiers/pair_matrix.hpp>       // matrix, kept
#include <heed/modifiers/pair_matrix_tile.hpp>  // pair_matrix_tile
#include <heed/modifiers/refused.hpp>           // refused

#include <limits>   // infinity
#include <utility>  // forward

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The bias of one sequence and head.
template <class Element>
struct bound_bias {
  using heed_kind = score_kind;
  static constexpr bool adds = true;
  static constexpr int matrices = 1;
  view<const Element> added;  // (queries, keys)

  template <class Scalar>
  Scalar operator()(Scalar s, at i) const {
    const auto number = narrowed<Scalar>(added(i.row, i.key));
    return (*this)(s, i, &number);
  }
  template <class Scalar>
  Scalar operator()(Scalar s, at, const Scalar* number) const {
    constexpr Scalar excluded = -std::numeric_limits<Scalar>::infinity();
    const Scalar finite =
        exactly_equal(*number, excluded) ? Scalar(0) : s;  // no sum behind a branch
    return finite + *number;
  }
  template <class Scalar>
  void read(pair_matrix_tile<Scalar>& tile) const {
    tile.read_matrix(added);
  }
};

}  // namespace detail

template <class Element>
struct bias_rule {
  using heed_kind = score_kind;
  detail::kept<detail::pair_matrix<Element>> added;

  detail::bound_bias<Element> bind(const scope& s) const { return {added.of(s)}; }
  void check(const call_shape& shape) const { added.check("bias", shape); }
};

// From a matrix (queries, keys), from the heads' matrices under each other (heads * queries, keys),
// or from a vector of matrices, one a head. -infinity excludes its key; a finite number of a wider
// type than the scores' stays finite. A temporary is taken over, without a copy of its elements; what has
// a name is referred to, and so is what a Map or a Block shows.
template <class Source>
auto bias(Source&& added) {
  static_assert(!detail::eigen_object<Source> || detail::storage<Source>,
                "heed::bias: the matrix is an Eigen expression; store it or call .eval()");
  static_assert(detail::eigen_object<Source> || detail::pair_matrix_source<Source>,
                "heed::bias: give an Eigen matrix (queries x keys), or a vector of Eigen matrices, "
                "one a head; Eigen::Map makes a matrix of other memory");
  if constexpr (detail::pair_matrix_source<Source>) {
    using Element = typename detail::pair_matrix_scalar<Source>::type;
    static_assert(!std::is_same_v<Element, bool>,
                  "heed::bias adds numbers; a matrix of bool is a mask: heed::keep");
    return bias_rule<Element>{
        detail::kept<detail::pair_matrix<Element>>(std::forward<Source>(added))};
  } else {
    return detail::refused{};
  }
}

}  // namespace HEED_ABI
}  // namespace heed
