// SPDX-License-Identifier: MIT
// Applies a call's score rules and masks to a tile of scores.
#pragma once

#include <heed/kernel/lane_product.hpp>  // lane_side, simd
#include <heed/rules/dropout.hpp>        // dropout
#include <heed/rules/rules.hpp>          // bound_rules
#include <heed/rules/scope.hpp>          // scope

#include <limits>  // infinity

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

// change(number, at) for every pair; whole blocks in loops of fixed length, which become vectors.
template <class Scalar, class Change>
void for_each_pair(lane_side<Scalar> scores, const tile_place& place, const Change& change) {
  constexpr index size = simd<Scalar>::size;
  for (index j = 0; j < place.key_count; ++j) {
    Scalar* const row = scores.data + j * scores.pitch;
    const at first = place.where(place.first_row, place.first_key + j);
    const auto lane = [&](index i) {
      at here = first;
      here.query += static_cast<position>(i);
      here.row += static_cast<position>(i);
      row[i] = change(row[i], here);
    };
    index i = 0;
    for (; i + size <= place.row_count; i += size)
      for (index l = 0; l < size; ++l) lane(i + l);
    for (; i < place.row_count; ++i) lane(i);
  }
}

}  // namespace detail

// Score rules first, then masks, by select; masks only where the tile is not covered whole.
template <class Scalar, class Rules>
void bend(lane_side<Scalar> scores, const tile_place& place, const Rules& rules, coverage seen) {
  constexpr Scalar excluded = -std::numeric_limits<Scalar>::infinity();
  if (Rules::has_masks && seen != coverage::all)
    detail::for_each_pair(scores, place, [&](Scalar score, at i) {
      const Scalar bent = rules.bend(score, i);
      return rules.sees(i) ? bent : excluded;
    });
  else if (Rules::has_scores)
    detail::for_each_pair(scores, place, [&](Scalar score, at i) { return rules.bend(score, i); });
}

// Drops probabilities and raises the survivors.
template <class Scalar>
void drop(lane_side<Scalar> weights, const tile_place& place, const dropout& rule) {
  const auto raise = static_cast<Scalar>(1 / (1 - rule.probability));
  detail::for_each_pair(weights, place, [&](Scalar weight, at i) {
    return rule.keeps(i) ? weight * raise : Scalar(0);
  });
}

}  // namespace HEED_ABI
}  // namespace heed
