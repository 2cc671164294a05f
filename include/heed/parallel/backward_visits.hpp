// SPDX-License-Identifier: MIT
// Who adds to the gradients of some keys, one after the other, so that their sums have the order of one
// process: ranges of queries from the last to the first, in each the heads of a group, in each the queries
// in steps from the last to the first (backward_schedule.hpp).
//
//   rank 2's queries ──d_k, d_v──► rank 1's ──d_k, d_v──► rank 0's ──d_k, d_v──► the rank of the keys
#pragma once

#include <heed/parallel/query_parts.hpp>  // query_part, run_of_rows

#include <algorithm>  // max, min, partition_point
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Queries of one rank and one range.
struct backward_visit {
  index rank;
  query_part rows;
  index parts_before;  // ranges of the sequence that come first
  interval kv_heads;
  interval heads;  // of a group
  bool begins;     // the sums of the range
  bool ends;       // the sums, and adds them to the gradients
};

// Visits of one rank that follow one another: what comes in before goes out behind.
struct backward_stop {
  index rank;
  interval visits;
  bool sums_come;  // of a range that another rank has begun
};

struct backward_sizes {
  index queries_of_range;
  index queries_of_step;
  bool heads_together;  // they add to one matrix, head after head
};

class backward_visits {
 public:
  backward_visits(const problem& g, const std::vector<run_of_rows>& runs, const backward_sizes& n)
      : sizes_(n) {
    for (const run_of_rows& r : runs)
      if (!runs_.empty() && runs_.back().rank == r.rank &&
          runs_.back().local + runs_.back().count == r.local)
        runs_.back().count += r.count;
      else
        runs_.push_back(r);
    for (index sequence = g.sequences - 1; sequence >= 0; --sequence) {
      const scope s = g.of(sequence, 0);
      const index ranges = divide_up(s.queries, n.queries_of_range);
      for (index before = 0; before < ranges; ++before) {
        const index first = (ranges - 1 - before) * n.queries_of_range;
        add_range(g, before,
                  pieces_of(s, {first, (std::min)(first + n.queries_of_range, s.queries)}));
      }
    }
    for (index i = 0; i < size(); ++i) {
      const backward_visit& v = (*this)[i];
      if (!stops_.empty() && stops_.back().rank == v.rank)
        stops_.back().visits.last = i + 1;
      else
        stops_.push_back({v.rank, {i, i + 1}, !v.begins});
    }
  }

  [[nodiscard]] index size() const { return static_cast<index>(visits_.size()); }
  [[nodiscard]] const backward_visit& operator[](index i) const { return visits_[std::size_t(i)]; }
  [[nodiscard]] index stops() const { return static_cast<index>(stops_.size()); }
  [[nodiscard]] const backward_stop& stop(index i) const { return stops_[std::size_t(i)]; }

 private:
  struct piece {
    index rank;
    query_part rows;
  };

  // The ranks' pieces of a range, in the order of sums: steps of one rank, from the last to the first, are one
  // piece; a step that several ranks share is several.
  std::vector<piece> pieces_of(const scope& s, interval range) const {
    std::vector<piece> pieces;
    const index steps = divide_up(range.size(), sizes_.queries_of_step);
    for (index n = steps - 1; n >= 0; --n) {
      const index first = range.first + n * sizes_.queries_of_step;
      const interval step{first, (std::min)(first + sizes_.queries_of_step, range.last)};
      const interval rows{s.query_row + step.first, s.query_row + step.last};
      for (auto run = std::partition_point(
               runs_.begin(), runs_.end(),
               [&](const run_of_rows& r) { return r.rows().last <= rows.first; });
           run != runs_.end() && run->first < rows.last; ++run) {
        const interval own = intersect(run->rows(), rows);
        const piece p{
            run->rank,
            {s.sequence, own.first - s.query_row, run->local + own.first - run->first, own.size()}};
        if (own.size() == rows.size() && !pieces.empty() && goes_on(p, pieces.back())) {
          pieces.back().rows.first_row = p.rows.first_row;
          pieces.back().rows.local = p.rows.local;
          pieces.back().rows.count += p.rows.count;
        } else {
          pieces.push_back(p);
        }
      }
    }
    return pieces;
  }
  static bool goes_on(const piece& p, const piece& behind) {
    return p.rank == behind.rank && p.rows.first_row + p.rows.count == behind.rows.first_row &&
           p.rows.local + p.rows.count == behind.rows.local;
  }

  // All heads of one piece together; of several pieces, head after head.
  void add_range(const problem& g, index before, const std::vector<piece>& pieces) {
    const bool one = pieces.size() == 1;
    const index kv_step = one || !sizes_.heads_together ? g.kv_heads : 1;
    const index head_step = one ? g.group() : 1;
    for (index kv = 0; kv < g.kv_heads; kv += kv_step)
      for (index head = 0; head < g.group(); head += head_step)
        for (const piece& p : pieces)
          visits_.push_back({p.rank,
                             p.rows,
                             before,
                             {kv, kv + kv_step},
                             {head, head + head_step},
                             head == 0 && &p == &pieces.front(),
                             head + head_step == g.group() && &p == &pieces.back()});
  }

  std::vector<run_of_rows> runs_;  // those that one rank holds one behind the other are one
  backward_sizes sizes_;
  std::vector<backward_visit> visits_;
  std::vector<backward_stop> stops_;
};

// Which stops see which blocks of keys: a byte for each. All visits of a range see what one of them sees.
class stops_of_blocks {
 public:
  // seen: a byte for each visit and block, of all ranks.
  stops_of_blocks(const backward_visits& visits, index blocks, std::vector<char> seen)
      : blocks_(blocks),
        stops_(visits.stops()),
        needed_(static_cast<std::size_t>(visits.stops() * blocks), 0) {
    const auto at = [&](index visit, index b) -> char& {
      return seen[std::size_t(visit * blocks + b)];
    };
    for (index first = 0, last = 0; first < visits.size(); first = last) {
      for (last = first + 1; last < visits.size() && !visits[last].begins;) ++last;
      for (index b = 0; b < blocks; ++b) {
        char any = 0;
        for (index i = first; i < last; ++i) any |= at(i, b);
        for (index i = first; i < last; ++i) at(i, b) = any;
      }
    }
    for (index s = 0; s < stops_; ++s)
      for (index i = visits.stop(s).visits.first; i < visits.stop(s).visits.last; ++i)
        for (index b = 0; b < blocks; ++b) needed_[std::size_t(s * blocks + b)] |= at(i, b);
  }

  [[nodiscard]] bool sees(index stop, index block) const {
    return needed_[std::size_t(stop * blocks_ + block)] != 0;
  }
  // The next stop that sees a block, behind one (-1: the first), and the one before; -1: none.
  [[nodiscard]] index after(index stop, index block) const {
    for (index s = stop + 1; s < stops_; ++s)
      if (sees(s, block)) return s;
    return -1;
  }
  [[nodiscard]] index before(index stop, index block) const {
    for (index s = stop - 1; s >= 0; --s)
      if (sees(s, block)) return s;
    return -1;
  }

 private:
  index blocks_;
  index stops_;
  std::vector<char> needed_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
