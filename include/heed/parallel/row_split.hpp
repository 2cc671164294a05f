// SPDX-License-Identifier: MIT
// Which rows of a sequence each process holds.
//
//   heed::rows_of_rank(10, 0, 2);                // {[0, 5)}
//   heed::rows_of_rank(10, 0, 2, heed::zigzag);  // {[0, 3), [8, 10)}: a first and a last part
//   heed::rows_of_rank(2000, 1, 2, heed::dealt); // {[512, 1024), [1536, 2000)}
#pragma once

#include <heed/core/check.hpp>          // require
#include <heed/modifiers/interval.hpp>  // interval

#include <algorithm>  // max, min
#include <cstddef>    // size_t
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// How all rows are put together from those of the ranks.
enum class split {
  in_order,  // those of rank 0, of rank 1, ...; any number each
  zigzag,  // the first halves of ranks 0, 1, ..., then the second halves of ranks ..., 1, 0: causal work
           // is balanced. A rank may hold any number; of an odd one the first half has one more.
  dealt  // 512 of rank 0, 512 of rank 1, ..., 512 of rank 0 again: a sequence that grows stays balanced
};
inline constexpr split in_order = split::in_order;
inline constexpr split zigzag = split::zigzag;
inline constexpr split dealt = split::dealt;

// Rows that are dealt at a time: a chunk of the sums, so that each is summed by one rank.
inline constexpr index rows_per_deal = 512;

namespace detail {

// Neighbouring rows that one rank holds.
struct run_of_rows {
  index first;  // of all rows
  index count;
  index rank;
  index local;  // row of the rank at which the run begins

  [[nodiscard]] interval rows() const { return {first, first + count}; }
};

// The runs of all ranks, in the order of the rows, given how many rows each rank holds. Throws
// shape_error if rows that are dealt cannot lie so.
inline std::vector<run_of_rows> runs_of(const char* verb, const char* name, split how,
                                        const std::vector<index>& counts) {
  const auto ranks = static_cast<index>(counts.size());
  std::vector<index> taken(counts.size(), 0);
  std::vector<run_of_rows> runs;
  index first = 0;
  const auto take = [&](index rank, index count) {
    index& local = taken[static_cast<std::size_t>(rank)];
    if (count > 0) runs.push_back({first, count, rank, local});
    local += count;
    first += count;
  };
  const auto held = [&](index rank) { return counts[static_cast<std::size_t>(rank)]; };
  switch (how) {
    case split::in_order:
      for (index r = 0; r < ranks; ++r) take(r, held(r));
      break;
    case split::zigzag:
      for (index r = 0; r < ranks; ++r) take(r, (held(r) + 1) / 2);
      for (index r = ranks; r-- > 0;) take(r, held(r) / 2);
      break;
    case split::dealt: {
      index all = 0;
      for (const index count : counts) all += count;
      for (index at = 0; at < all; at += rows_per_deal)
        take(at / rows_per_deal % ranks, (std::min)(rows_per_deal, all - at));
      for (index r = 0; r < ranks; ++r)
        require(taken[static_cast<std::size_t>(r)] == held(r), verb, ": rank ", r, " holds ",
                held(r), " rows of ", name, ", but of ", all, " rows that are dealt ",
                rows_per_deal, " at a time to ", ranks, " ranks it is dealt ",
                taken[static_cast<std::size_t>(r)]);
      break;
    }
  }
  return runs;
}

}  // namespace detail

// The rows that rank `rank` holds where `rows` rows are split evenly among `ranks`, in the order in
// which it holds them. heed::across(comm, how) takes them so. Throws shape_error for a rank that there is
// not.
inline std::vector<interval> rows_of_rank(index rows, index rank, index ranks,
                                          split how = split::in_order) {
  detail::require(rows >= 0 && ranks >= 1 && rank >= 0 && rank < ranks,
                  "heed::rows_of_rank: ", rows, " rows, rank ", rank, " of ", ranks);
  std::vector<interval> held;
  const auto take = [&](index first, index last) {
    if (first < last) held.push_back({first, last});
  };
  const auto even = [&](index part, index parts) {
    return part * (rows / parts) + (std::min)(part, rows % parts);
  };
  switch (how) {
    case split::in_order:
      take(even(rank, ranks), even(rank + 1, ranks));
      break;
    case split::zigzag:
      for (const index part : {rank, 2 * ranks - 1 - rank})
        take(even(part, 2 * ranks), even(part + 1, 2 * ranks));
      break;
    case split::dealt:
      for (index first = rank * rows_per_deal; first < rows; first += ranks * rows_per_deal)
        take(first, (std::min)(first + rows_per_deal, rows));
      break;
  }
  return held;
}

}  // namespace HEED_ABI
}  // namespace heed
