// SPDX-License-Identifier: MIT
// A batch of sequences of different lengths, stacked by rows without padding.
//
//   std::vector<heed::index> starts{0, 7, 19, 42};  // three sequences: rows 0-6, 7-18, 19-41
//   heed::attention(q, k, v, out, heed::packed{starts}, heed::causal);
//
// Keys that grow in place leave room behind each sequence: key_lengths say how much is filled.
#pragma once

#include <heed/core/concepts.hpp>   // setting_kind
#include <heed/rules/settings.hpp>  // settings

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// Offsets begin at 0, do not fall, and end at the number of rows. Every sequence attends to itself
// alone; for every rule, positions count from its first row. Refers to the offsets.
struct packed {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "packed";

  list<index> query_starts;
  list<index> key_starts;
  list<index> key_lengths;  // unless each sequence's keys end where the next one's begin

  // The same rows in q and in k.
  template <class Starts>
  explicit packed(const Starts& starts) : query_starts(starts), key_starts(starts) {}

  // Cross-attention: sequence s has rows queries[s] ... of q and rows keys[s] ... of k.
  template <class Queries, class Keys>
  packed(const Queries& queries, const Keys& keys) : query_starts(queries), key_starts(keys) {}

  // ... of which the first lengths[s] rows alone are there; the rest, up to keys[s + 1], is room that
  // counts for nothing. Causal queries are aligned to the last key that is there.
  template <class Queries, class Keys, class Lengths>
  packed(const Queries& queries, const Keys& keys, const Lengths& lengths)
      : query_starts(queries), key_starts(keys), key_lengths(lengths) {}

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    s.packed = true;
    s.query_starts = query_starts;
    s.key_starts = key_starts;
    s.key_lengths = key_lengths;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
