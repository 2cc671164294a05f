// SPDX-License-Identifier: MIT
// Intervals of positions, and how much of a tile a mask covers (FlexAttention's block mask: empty,
// partial, full).
//
//   heed::intersect({0, 8}, {5, 20});  // {5, 8}
#pragma once

#include <heed/core/types.hpp>  // index

#include <algorithm>  // max, min
#include <limits>     // numeric_limits

namespace heed {
inline namespace HEED_ABI {

// [first, last); empty where last <= first.
struct interval {
  index first = 0;
  index last = 0;

  constexpr bool empty() const { return last <= first; }
  constexpr index size() const { return empty() ? 0 : last - first; }
};

// Far beyond every position, near enough that adding a position cannot overflow.
inline constexpr index far_away = (std::numeric_limits<index>::max)() / 4;
inline constexpr interval everywhere{-far_away, far_away};

constexpr interval intersect(interval a, interval b) {
  return {(std::max)(a.first, b.first), (std::min)(a.last, b.last)};
}

// The smallest interval that holds both.
constexpr interval hull(interval a, interval b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {(std::min)(a.first, b.first), (std::max)(a.last, b.last)};
}

// How many of the (query, key) pairs of a tile a mask lets through. `some` is always a true answer;
// `none` lets the kernel skip the tile and `all` lets it skip the mask.
enum class coverage { none, some, all };

constexpr coverage both(coverage a, coverage b) { return (std::min)(a, b); }
constexpr coverage either(coverage a, coverage b) { return (std::max)(a, b); }
constexpr coverage opposite(coverage a) {
  if (a == coverage::some) return a;
  return a == coverage::none ? coverage::all : coverage::none;
}

// Covers the pairs whose distance key - query lies in [low, high].
constexpr coverage cover_band(index low, index high, interval queries, interval keys) {
  const index nearest = keys.first - (queries.last - 1);   // smallest key - query in the tile
  const index farthest = (keys.last - 1) - queries.first;  // largest
  if (farthest < low || nearest > high) return coverage::none;
  return nearest >= low && farthest <= high ? coverage::all : coverage::some;
}

}  // namespace HEED_ABI
}  // namespace heed
