// SPDX-License-Identifier: MIT
// The numbers of the matrices that rules read, for a few keys and a packet of queries: copied so that a
// packet's lie next to each other, for loops over it to become vector code.
//
// A rule that reads matrices says how many, `static constexpr int matrices`, reads them,
// read(pair_matrix_tile&), and may be asked with its numbers for a pair, rule(..., at, numbers): that of
// matrix t is numbers[t * simd<Scalar>::size].
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

// The numbers of a rule whose matrices come after those of `Rule`.
template <class Rule, class Scalar>
const Scalar* numbers_after(const Scalar* numbers) {
  return numbers + matrices<Rule>() * simd<Scalar>::size;
}

// What a rule says of a pair, from its numbers if it reads matrices.
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

// Where the numbers of some pairs go: query rows.first + l and key keys.first + j to
// data[j * pitch + l].
template <class Scalar>
struct pair_matrix_tile {
  Scalar* data;
  index pitch;  // simd<Scalar>::size for each matrix
  interval rows;
  interval keys;

  // Reads the matrices of a rule, and goes on behind them.
  template <class Rule>
  void read(const Rule& rule) {
    if constexpr (matrices<Rule>() > 0) rule.read(*this);
  }

  // Reads one matrix, (queries, keys).
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
