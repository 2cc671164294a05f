// SPDX-License-Identifier: MIT
// Applies a call's score rules and masks to a tile of scores.
#pragma once

#include <heed/kernel/lane_product.hpp>  // packed_lanes, simd
#include <heed/rules/dropout.hpp>        // dropout
#include <heed/rules/rules.hpp>          // bound_rules
#include <heed/rules/scope.hpp>          // scope

#include <algorithm>  // min
#include <limits>     // infinity

namespace heed {
inline namespace HEED_ABI {

// The pairs that a tile of scores (keys, lanes) stands for: lane i is query row first_row + i.
struct tile_place {
  scope where;
  index first_row;
  index row_count;  // lanes beyond it stand for nothing, and no rule is asked about them
  index first_key;
  index key_count;

  interval queries() const {
    return {first_row + where.offset, first_row + row_count + where.offset};
  }
  interval keys() const { return {first_key, first_key + key_count}; }
};

namespace detail {

// change(number, at) for every pair, a packet's worth in one loop of fixed length over local
// variables, which becomes vector code. Numbers are copied in and out by loops too: a packet loaded
// just after shorter stores to its place would have to wait until those reach the cache. Lanes beyond
// the last row ask about that row again, and what they get is not used.
//
// Never inlined: compilers may fuse a product and a sum into one rounding or not, as the code
// around suggests; the bits of a row must not depend on it, so there is one piece of code for all.
template <bool WrittenOut, class Scalar, class Change>
EIGEN_DONT_INLINE void for_each_pair(Scalar* scores, const tile_place& place,
                                     const Change& change) {
  using s = simd<Scalar>;
  constexpr index size = s::size;
  constexpr index pitch = packed_lanes<Scalar>::pitch;
  const at corner = place.where(place.first_row, place.first_key);
  const Change local = change;
  for (index i = 0; i < place.row_count; i += size) {
    position queries[size], rows[size];
    for (index l = 0; l < size; ++l) {
      const auto lane = static_cast<position>(std::min(i + l, place.row_count - 1));
      queries[l] = corner.query + lane;
      rows[l] = corner.row + lane;
    }
    for (index j = 0; j < place.key_count; ++j) {
      Scalar* const from = scores + j * pitch + i;
      const position key = corner.key + static_cast<position>(j);
      Scalar before[size], after[size];
      const auto one = [&](index l) HEED_INLINED {
        after[l] = local(before[l], at{queries[l], key, corner.head, rows[l], corner.sequence});
      };
      if constexpr (WrittenOut) {
        unroll<size>([&](auto l) HEED_INLINED { before[l] = from[l]; });
        unroll<size>(one);
        unroll<size>([&](auto l) HEED_INLINED { from[l] = after[l]; });
      } else {
        for (index l = 0; l < size; ++l) before[l] = from[l];
        HEED_LOOP_OF_LANES
        for (index l = 0; l < size; ++l) one(l);
        for (index l = 0; l < size; ++l) from[l] = after[l];
      }
    }
  }
}

}  // namespace detail

// Score rules first, then masks, by select; masks only where they do not cover all. Two passes, so
// that the first is the same code for every tile.
template <class Scalar, class Rules>
void bend(Scalar* scores, const tile_place& place, const Rules& rules, coverage seen) {
  constexpr Scalar excluded = -std::numeric_limits<Scalar>::infinity();
  if constexpr (Rules::has_scores)
    detail::for_each_pair<Rules::scores_look_up>(
        scores, place, [&](Scalar score, at i) { return rules.bend(score, i); });
  if constexpr (Rules::has_masks) {
    constexpr index run =
        16;  // an edge crosses few keys of a tile: runs without one are left alone
    for (index first = 0; seen != coverage::all && first < place.key_count; first += run) {
      tile_place part = place;
      part.first_key += first;
      part.key_count = std::min(run, place.key_count - first);
      if (rules.cover(part.queries(), part.keys()) == coverage::all) continue;
      detail::for_each_pair<Rules::masks_look_up>(
          scores + first * packed_lanes<Scalar>::pitch, part,
          [&](Scalar score, at i) { return rules.sees(i) ? score : excluded; });
    }
  }
}

// Drops probabilities and raises the survivors.
template <class Scalar>
void drop(Scalar* weights, const tile_place& place, const dropout& rule) {
  const auto raise = static_cast<Scalar>(1 / (1 - rule.probability));
  detail::for_each_pair<false>(weights, place, [&](Scalar weight, at i) {
    return rule.keeps(i) ? weight * raise : Scalar(0);
  });
}

}  // namespace HEED_ABI
}  // namespace heed
