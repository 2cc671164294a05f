// SPDX-License-Identifier: MIT
// Causal attention: a query sees the keys at its own position and before.
//
//   heed::attention(q, k, v, out, heed::causal);          // 3 queries, 5 keys: they see 3, 4, 5 keys
//   heed::attention(q, k, v, out, heed::causal_from(0));  // the same: they see 1, 2, 3 keys
#pragma once

#include <heed/modifiers/masks/mask.hpp>  // mask_kind, at, interval, coverage

namespace heed {
inline namespace HEED_ABI {

struct causal_mask {
  using heed_kind = mask_kind;

  constexpr causal_mask operator()() const { return *this; }  // heed::causal() is heed::causal

  bool operator()(at i) const { return i.key <= i.query; }
  interval keys(interval queries) const { return {-far_away, queries.last}; }
  coverage cover(interval queries, interval keys) const {
    return cover_band(-far_away, 0, queries, keys);
  }
};

// Queries are aligned to the end of the keys: the last query sees every key.
inline constexpr causal_mask causal{};

// The first query stands at position `first`, and query row i at first + i, for every rule of the
// call (a window or ALiBi beside it counts from there too). 0 aligns queries to the first key.
struct causal_from : causal_mask {
  index first;

  constexpr explicit causal_from(index place) : first(place) {}

  using causal_mask::operator();
  causal_mask operator()() const = delete;
  std::optional<index> first_query() const { return first; }
};

}  // namespace HEED_ABI
}  // namespace heed
