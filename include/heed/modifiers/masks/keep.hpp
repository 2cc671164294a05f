// SPDX-License-Identifier: MIT
// A mask given as a matrix of Booleans (attn_mask): true = attend.
//
//   Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> seen = ...;  // (queries, keys)
//   heed::attention(q, k, v, out, heed::keep(seen));
#pragma once

#include <heed/modifiers/masks/mask.hpp>        // mask_kind, at
#include <heed/modifiers/pair_matrix.hpp>       // matrix, kept
#include <heed/modifiers/pair_matrix_tile.hpp>  // pair_matrix_tile
#include <heed/modifiers/refused.hpp>           // refused

#include <cstdint>      // int8_t
#include <type_traits>  // is_integral_v
#include <utility>      // forward

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The mask of one sequence and head.
template <class Element>
struct bound_keep {
  using heed_kind = mask_kind;
  static constexpr int matrices = 1;
  view<const Element> seen;  // (queries, keys)

  bool operator()(at i) const { return static_cast<bool>(seen(i.row, i.key)); }
  template <class Scalar>
  bool operator()(at, const Scalar* number) const {
    return !exactly_equal(*number, Scalar(0));
  }
  template <class Scalar>
  void read(pair_matrix_tile<Scalar>& tile) const {
    // All that matters of a byte is whether it is 0, and signed ones become vectors.
    if constexpr (sizeof(Element) == 1)
      tile.read_matrix(view<const std::int8_t>{reinterpret_cast<const std::int8_t*>(seen.data),
                                               seen.rows, seen.cols, seen.row_stride,
                                               seen.col_stride});
    else
      tile.read_matrix(seen);
  }
};

}  // namespace detail

template <class Element>
struct keep_mask {
  using heed_kind = mask_kind;
  detail::kept<detail::pair_matrix<Element>> seen;

  detail::bound_keep<Element> bind(const scope& s) const { return {seen.of(s)}; }
  void check(const call_shape& shape) const { seen.check("keep", shape); }
};

// From a matrix (queries, keys), from the heads' matrices under each other (heads * queries, keys),
// or from a vector of matrices, one a head. A temporary is taken over, without a copy of its elements;
// what has a name is referred to, and so is what a Map or a Block shows.
template <class Source>
auto keep(Source&& seen) {
  static_assert(!detail::eigen_object<Source> || detail::storage<Source>,
                "heed::keep: the matrix is an Eigen expression; store it or call .eval()");
  static_assert(detail::eigen_object<Source> || detail::pair_matrix_source<Source>,
                "heed::keep: give an Eigen matrix of bool (queries x keys), or a vector of Eigen "
                "matrices, one a head; Eigen::Map makes a matrix of other memory");
  if constexpr (detail::pair_matrix_source<Source>) {
    using Element = typename detail::pair_matrix_scalar<Source>::type;
    static_assert(
        std::is_integral_v<Element>,
        "heed::keep takes a matrix of bool (true = attend); numbers to add are heed::bias");
    return keep_mask<Element>{
        detail::kept<detail::pair_matrix<Element>>(std::forward<Source>(seen))};
  } else {
    return detail::refused{};
  }
}

}  // namespace HEED_ABI
}  // namespace heed
