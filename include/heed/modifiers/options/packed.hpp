// SPDX-License-Identifier: MIT
// Varlen (ragged) batch: sequences of different lengths, stacked by rows without padding; offsets
// as cu_seqlens.
//
//   std::vector<heed::index> starts{0, 7, 19, 42};  // three sequences: rows 0-6, 7-18, 19-41
//   heed::attention(q, k, v, out, heed::packed{starts}, heed::causal);
//
// A cache that grows in place has room behind each sequence: key_lengths are the numbers of rows in
// use.
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind
#include <heed/core/kept.hpp>                   // kept
#include <heed/modifiers/options/settings.hpp>  // settings

#include <initializer_list>  // initializer_list
#include <string_view>       // string_view
#include <utility>           // forward

namespace heed {
inline namespace HEED_ABI {

// Offsets begin at 0, do not fall, and end at the number of rows. Every sequence attends to itself
// alone; for every rule, positions count from its first row. Offsets are any vector, array, span or
// Eigen vector: a temporary is taken over, what has a name is referred to.
struct packed {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "packed";

  detail::kept<detail::number_span<index>> query_starts;
  detail::kept<detail::number_span<index>> key_starts;
  detail::kept<detail::number_span<index>>
      key_lengths;  // not given: each sequence's keys end where the next one's begin

  // The same rows in q and in k.
  template <class Starts>
  requires(!std::is_same_v<std::remove_cvref_t<Starts>, packed>) explicit packed(Starts&& starts)
      : query_starts(numbers(std::forward<Starts>(starts))), key_starts(query_starts) {}

  // Cross-attention: sequence s has rows queries[s] ... of q and rows keys[s] ... of k.
  template <class Queries, class Keys>
  packed(Queries&& queries, Keys&& keys)
      : query_starts(numbers(std::forward<Queries>(queries))),
        key_starts(numbers(std::forward<Keys>(keys))) {}

  // The same, with the first lengths[s] of these rows alone in use; rows from there to keys[s + 1]
  // are unused room, which no query sees. Causal queries are aligned to the last key in use.
  template <class Queries, class Keys, class Lengths>
  packed(Queries&& queries, Keys&& keys, Lengths&& lengths)
      : query_starts(numbers(std::forward<Queries>(queries))),
        key_starts(numbers(std::forward<Keys>(keys))),
        key_lengths(numbers(std::forward<Lengths>(lengths))) {}

  template <class Number>
  requires std::is_arithmetic_v<Number> packed(std::initializer_list<Number>) : packed(Number()) {}

  template <class Scalar>
  void apply(detail::settings<Scalar>& s) const {
    s.packed = true;
    s.query_starts = query_starts;
    s.key_starts = key_starts;
    s.key_lengths = key_lengths;
  }

 private:
  template <class Numbers>
  static detail::kept<detail::number_span<index>> numbers(Numbers&& given) {
    constexpr bool good = detail::numbers_for<Numbers, index>;
    static_assert(good,
                  "heed::packed: give a vector of row offsets, as in "
                  "heed::packed{std::vector{0, 2, 5}}; single numbers or braces are none, and an "
                  "Eigen expression must be stored or .eval()ed");
    if constexpr (good)
      return detail::kept<detail::number_span<index>>(std::forward<Numbers>(given), "heed::packed");
    else
      return {};
  }
};

}  // namespace HEED_ABI
}  // namespace heed
