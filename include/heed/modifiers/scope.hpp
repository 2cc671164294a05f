// SPDX-License-Identifier: MIT
// The part of a call that a rule is bound to before the kernel calls it: one sequence and one query
// head.
#pragma once

#include <heed/core/check.hpp>          // shape_error
#include <heed/modifiers/at.hpp>        // at
#include <heed/modifiers/interval.hpp>  // interval, coverage

namespace heed {
inline namespace HEED_ABI {

struct scope {
  index sequence;     // number of the sequence in a packed batch
  index head;         // query head
  index heads;        // query heads in all
  index query_row;    // first row of the sequence in q
  index key_row;      // first row of the sequence in k and v
  index queries;      // rows of the sequence in q
  index keys;         // rows of the sequence in k and v
  index offset;       // position of its first query
  index all_queries;  // rows of q

  // For a process that has a part of the rows of q and k, where other processes have the rest:
  index first_row = 0;           // rows of the sequence's queries before those in q
  index key_rows_elsewhere = 0;  // rows of all keys before the first in k

  at operator()(index row, index key) const {
    return {static_cast<position>(row + offset), static_cast<position>(key),
            static_cast<position>(head), static_cast<position>(row + first_row),
            static_cast<position>(sequence)};
  }
};

// The sizes of a whole call, for rules that must fit it.
struct call_shape {
  const char* verb;  // "heed::attention"
  index queries;     // rows of q
  index keys;        // rows of k and v
  index query_heads;
  index longest_keys;  // keys of the longest sequence; `keys` unless the batch is packed
};

namespace detail {

// A rule that depends on the scope has bind(scope), which returns its bound form; every other rule
// is its own bound form.
template <class Rule>
auto bind(const Rule& rule, const scope& where) {
  if constexpr (requires { rule.bind(where); })
    return rule.bind(where);
  else
    return rule;
}

// A mask that reads memory for each pair, or may do so, has `static constexpr bool reads_memory =
// true`. Its result is then unpredictable for the processor, and the kernel selects without a
// branch.
template <class Rule>
constexpr bool reads_memory() {
  if constexpr (requires { Rule::reads_memory; })
    return Rule::reads_memory;
  else
    return false;
}

// A rule that must fit the sizes of the call has check(call_shape).
template <class Rule>
void check(const Rule& rule, const call_shape& shape) {
  if constexpr (requires { rule.check(shape); }) rule.check(shape);
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
