// SPDX-License-Identifier: MIT
// Packs the elements of the matrices that rules read, for a few keys and a packet of queries: the
// elements of a packet lie next to each other, so that loops over them are vectorised.
//
// A rule that reads matrices states how many, `static constexpr int matrices`, packs their
// elements, read(pair_matrix_tile&), and may be called with these for a pair, rule(..., at,
// numbers): the element of matrix t is numbers[t * simd<Scalar>::size].
#pragma once

#include <heed/core/narrow.hpp>                // narrowed
#include <heed/modifiers/scope.hpp>            // at, interval
#include <heed/modifiers/score_parameter.hpp>  // score_by
#include <heed/storage/copy.hpp>               // copy, simd, view

#include <concepts>     // same_as
#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// How many matrices a rule reads.
template <class Rule>
constexpr int matrices() {
  if constexpr (requires {
                  { &Rule::matrices } -> std::same_as<const int*>;
                })
    return Rule::matrices;
  else
    return 0;
}

// The elements for a rule whose matrices follow those of `Rule`.
template <class Rule, class Scalar>
const Scalar* numbers_after(const Scalar* numbers) {
  return numbers + matrices<Rule>() * simd<Scalar>::size;
}

// A rule's result for a pair, from packed elements if the rule reads matrices.
template <class Scalar, class Mask>
bool seen_by(const Mask& m, at i, const Scalar* numbers) {
  if constexpr (matrices<Mask>() > 0)
    return m(i, numbers);
  else
    return static_cast<bool>(m(i));
}
template <class Scalar, class Rule>
Scalar modified_by(const Rule& rule, Scalar score, at i, const Scalar* numbers) {
  if constexpr (matrices<Rule>() > 0)
    return narrowed<Scalar>(rule(score, i, numbers));
  else
    return detail::score_by(rule, score, i);
}

// The destination of packed elements: that of query rows.first + l and key keys.first + j is data[j
// * pitch + l].
template <class Scalar>
struct pair_matrix_tile {
  Scalar* data;
  index pitch;  // simd<Scalar>::size for each matrix
  interval rows;
  interval keys;

  // Packs the matrices of a rule; those of the next rule follow them.
  template <class Rule>
  void read(const Rule& rule) {
    if constexpr (matrices<Rule>() > 0) rule.read(*this);
  }

  // Packs one matrix, (queries, keys).
  template <class Element>
  void read_matrix(const view<const Element>& matrix) {
    const view<Scalar> to{data, rows.size(), keys.size(), 1, pitch};
    const view<const Element> from = matrix.block(rows.first, keys.first, rows.size(), keys.size());
    if constexpr (std::is_same_v<accumulator_t<Element>, Scalar>)
      copy(to, from);
    else
      for (index j = 0; j < to.cols; ++j)
        for (index i = 0; i < to.rows; ++i) to(i, j) = narrowed<Scalar>(from(i, j));
    data += simd<Scalar>::size;
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
