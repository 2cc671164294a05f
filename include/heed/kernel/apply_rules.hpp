// SPDX-License-Identifier: MIT
// Applies a call's score rules and masks (score_mod and mask_mod) to a tile of scores, and dropout
// to a tile of probabilities.
#pragma once

#include <heed/gemm/micro_kernel.hpp>           // packed_pitch, simd, bits_of
#include <heed/kernel/running_max.hpp>          // log4_of_exp
#include <heed/kernel/tile.hpp>                 // keys_per_tile, fill_last_packet
#include <heed/modifiers/options/dropout.hpp>   // dropout
#include <heed/modifiers/pair_matrix_tile.hpp>  // pair_matrix_tile
#include <heed/modifiers/rule_set.hpp>          // bound_rules
#include <heed/modifiers/scope.hpp>             // scope
#include <heed/simd/choose.hpp>                 // choose

#include <algorithm>  // max, min
#include <bit>        // bit_cast
#include <limits>     // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The pairs of a tile of scores (keys, lanes): lane i is query row first_row + i.
struct tile_place {
  scope where;
  index first_row;
  index row_count;  // lanes beyond it are no queries, and no rule is called for them
  index first_key;
  index key_count;

  interval queries() const {
    return {first_row + where.offset, first_row + row_count + where.offset};
  }
  interval keys() const { return {first_key, first_key + key_count}; }
};

// Calls change(number, at) for every pair, a packet's worth in one loop of fixed length over local
// variables, which becomes vector code. Numbers are copied in and out by loops too: a packet load
// just after shorter stores to its address would stall until the stores reach the cache. Lanes
// beyond the last row repeat the last row, and their results are not used.
//
// The elements of the Matrices matrices that `change` reads are packed, a run of keys at a time, so
// that they are vectors as well.
//
// Never inlined: compilers may or may not fuse a product and a sum into one rounding, depending on
// the code around; the bits of a row must not depend on that, so all callers share one copy of the
// code.
template <int Matrices, class Scalar, class Change, class Read>
EIGEN_DONT_INLINE void for_each_pair(Scalar* scores, const tile_place& place, const Change& change,
                                     const Read& read) {
  using s = simd<Scalar>;
  constexpr index size = s::size, read_pitch = Matrices * size;
  constexpr index pitch = packed_pitch<Scalar>;
  const at corner = place.where(place.first_row, place.first_key);
  const Change local = change;
  alignas(64) [[maybe_unused]] fixed_array<Scalar, (std::max)(index(1), keys_per_tile * read_pitch)>
      numbers;
  for (index i = 0; i < place.row_count; i += size) {
    if constexpr (Matrices > 0) {
      const index rows = (std::min)(size, place.row_count - i);
      read(pair_matrix_tile<Scalar>{
          numbers, read_pitch, {place.first_row + i, place.first_row + i + rows}, place.keys()});
      for (int matrix = 0; matrix < Matrices; ++matrix)
        fill_last_packet(numbers + matrix * size, place.key_count, rows, read_pitch);
    }
    fixed_array<position, size> queries, rows;
    for (index l = 0; l < size; ++l) {
      const auto lane = static_cast<position>((std::min)(i + l, place.row_count - 1));
      queries[l] = corner.query + lane;
      rows[l] = corner.row + lane;
    }
    for (index j = 0; j < place.key_count; ++j) {
      Scalar* const from = scores + j * pitch + i;
      const position key = corner.key + static_cast<position>(j);
      fixed_array<Scalar, size> before, after;
      for (index l = 0; l < size; ++l) before[l] = from[l];
      HEED_LOOP_OF_LANES
      for (index l = 0; l < size; ++l)
        after[l] = local(before[l], at{queries[l], key, corner.head, rows[l], corner.sequence},
                         Matrices > 0 ? numbers + j * read_pitch + l : nullptr);
      for (index l = 0; l < size; ++l) from[l] = after[l];
    }
  }
}

// The score of a pair that is seen, else -infinity. A mask that reads memory selects by bits: a
// loop over such a mask may not become vector code, and compilers would write a branch, which is
// often mispredicted.
template <bool ReadsMemory, class Scalar>
EIGEN_ALWAYS_INLINE Scalar unless_excluded(Scalar score, bool seen) {
  constexpr Scalar excluded = -std::numeric_limits<Scalar>::infinity();
  if constexpr (ReadsMemory) {
    return choose(seen, score, excluded);
  } else {
    return seen ? score : excluded;
  }
}

// Score rules first, which take scores as they are and leave them in base 4; then masks, by select, only
// where they do not cover all. Two passes, so that the first is the same code for every tile.
template <class Scalar, class Rules>
void apply_rules(Scalar* scores, const tile_place& place, const Rules& rules, coverage seen) {
  if constexpr (Rules::has_scores)
    detail::for_each_pair<Rules::score_matrices>(
        scores, place,
        [&](Scalar score, at i, const Scalar* numbers) {
          return rules.modify(score, i, numbers) * Scalar(log4_of_exp);
        },
        [&](const pair_matrix_tile<Scalar>& tile) { rules.read_for_scores(tile); });
  if constexpr (Rules::has_masks) {
    constexpr index run =
        16;  // an edge crosses few keys of a tile: runs without one are left alone
    for (index first = 0; seen != coverage::all && first < place.key_count; first += run) {
      tile_place part = place;
      part.first_key += first;
      part.key_count = (std::min)(run, place.key_count - first);
      if (rules.cover(part.queries(), part.keys()) == coverage::all) continue;
      detail::for_each_pair<Rules::mask_matrices>(
          scores + first * packed_pitch<Scalar>, part,
          [&](Scalar score, at i, const Scalar* numbers) {
            return detail::unless_excluded<Rules::masks_read_memory>(score, rules.sees(i, numbers));
          },
          [&](const pair_matrix_tile<Scalar>& tile) { rules.read_for_masks(tile); });
    }
  }
}

// Drops probabilities and divides the survivors by 1 - probability, a packet of queries and four
// keys at a time, as random words are generated; rule.probability is positive.
template <class Scalar>
EIGEN_DONT_INLINE void drop(Scalar* weights, const tile_place& place, const dropout& rule) {
  constexpr index size = simd<Scalar>::size, pitch = packed_pitch<Scalar>;
  using bits = typename bits_of<Scalar>::integer;
  const auto raise = static_cast<Scalar>(1 / (1 - rule.probability));
  const std::uint32_t dropped_up_to = rule.dropped_up_to();
  const index last = place.first_key + place.key_count;
  for (index i = 0; i < place.row_count; i += size)
    for (index four = place.first_key / 4 * 4; four < last; four += 4) {
      const auto words =
          rule.template draw<std::size_t(size)>(place.where(place.first_row + i, four));
      for (index key = (std::max)(four, place.first_key); key < (std::min)(four + 4, last); ++key) {
        Scalar* const row = weights + (key - place.first_key) * pitch + i;
        const auto& word = words[static_cast<std::size_t>(key - four)];
        HEED_LOOP_OF_LANES
        for (index l = 0; l < size; ++l) {
          const bits kept =
              bits(0) - static_cast<bits>(word[static_cast<std::size_t>(l)] > dropped_up_to);
          row[l] = std::bit_cast<Scalar>(std::bit_cast<bits>(row[l] * raise) & kept);
        }
      }
    }
}

// Dropout of one call: nothing, or a function, so that a call without dropout need not compile it.
template <class Scalar>
struct tile_dropout {
  dropout rule;
  void (*drop)(Scalar*, const tile_place&, const dropout&) = nullptr;

  bool given() const { return drop != nullptr; }
  void operator()(Scalar* weights, const tile_place& place) const { drop(weights, place, rule); }
};

// Multiplies weights (rows, some of pitch) by a power of two, so that sums of values weighted by them
// do not overflow.
template <class Scalar>
void damp(Scalar* weights, index rows, index count, index pitch, Scalar factor) {
  for (index i = 0; i < rows; ++i)
    for (index j = 0; j < count; ++j) weights[i * pitch + j] *= factor;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
