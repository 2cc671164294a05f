// SPDX-License-Identifier: MIT
// The numbers of the tables that rules read, for a few keys and a packet of queries: copied so that a
// packet's lie next to each other, for loops over it to become vector code.
//
// A rule that reads tables says how many, `static constexpr int tables`, reads them,
// read(table_tile&), and may be asked with its numbers for a pair, rule(..., at, numbers): that of
// table t is numbers[t * simd<Scalar>::size].
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

// How many tables a rule reads.
template <class Rule>
constexpr int tables() {
  if constexpr (requires {
                  { &Rule::tables } -> std::same_as<const int*>;
                })
    return Rule::tables;
  else
    return 0;
}

// The numbers of a rule whose tables come after those of `Rule`.
template <class Rule, class Scalar>
const Scalar* numbers_after(const Scalar* numbers) {
  return numbers + tables<Rule>() * simd<Scalar>::size;
}

// What a rule says of a pair, from its numbers if it reads tables.
template <class Scalar, class Mask>
bool seen_by(const Mask& m, at i, const Scalar* numbers) {
  if constexpr (tables<Mask>() > 0)
    return m(i, numbers);
  else
    return static_cast<bool>(m(i));
}
template <class Scalar, class Rule>
Scalar bent_by(const Rule& rule, Scalar score, at i, const Scalar* numbers) {
  if constexpr (tables<Rule>() > 0)
    return narrowed<Scalar>(rule(score, i, numbers));
  else
    return detail::score_by(rule, score, i);
}

// Where the numbers of some pairs go: query rows.first + l and key keys.first + j to
// data[j * pitch + l].
template <class Scalar>
struct table_tile {
  Scalar* data;
  index pitch;  // simd<Scalar>::size for each table
  interval rows;
  interval keys;

  // Reads the tables of a rule, and goes on behind them.
  template <class Rule>
  void read(const Rule& rule) {
    if constexpr (tables<Rule>() > 0) rule.read(*this);
  }

  // Reads one table, (queries, keys).
  template <class Element>
  void read_table(const view<const Element>& table) {
    const view<Scalar> to{data, rows.size(), keys.size(), 1, pitch};
    const view<const Element> from = table.block(rows.first, keys.first, rows.size(), keys.size());
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
