// SPDX-License-Identifier: MIT
// The queries of one rank: parts of sequences, and what each of them may see.
#pragma once

#include <heed/kernel/bound_rules.hpp>   // rules_of_call
#include <heed/parallel/key_blocks.hpp>  // sequence_chunk, run_of_rows

#include <algorithm>  // max, min
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Rows of one sequence that lie next to each other in a rank's q: few enough that messages can be seen to
// between two of them.
struct query_part {
  index sequence;
  index first_row;  // of the sequence's queries
  index local;      // row of q
  index count;
};

// The parts of a rank's queries, given where the sequences' queries lie among all.
inline std::vector<query_part> query_parts_of(const problem& g,
                                              const std::vector<run_of_rows>& runs, index rank) {
  constexpr index rows_of_part = 1024;
  std::vector<query_part> parts;
  for (const run_of_rows& run : runs)
    for (index sequence = 0; run.rank == rank && sequence < g.sequences; ++sequence) {
      const scope s = g.of(sequence, 0);
      const interval rows = intersect(run.rows(), {s.query_row, s.query_row + s.queries});
      for (index row = rows.first; row < rows.last; row += rows_of_part)
        parts.push_back({sequence, row - s.query_row, run.local + row - run.first,
                         (std::min)(rows_of_part, rows.last - row)});
    }
  return parts;
}

// The problem of such a part and of one chunk of keys, which lies in k from row `row` on.
inline problem part_of(const problem& g, const query_part& part, const sequence_chunk& chunk,
                       index row, index local_queries) {
  const scope s = g.of(part.sequence, 0);
  problem one = g;
  one.queries = one.longest_queries = part.count;
  one.keys = one.longest_keys = chunk.keys.size();
  one.sequences = 1;
  one.query_starts = one.key_starts = one.key_lengths = {};
  const index key_row = row - chunk.keys.first;
  one.part = {part.sequence, s.queries,           s.keys,       part.first_row, part.local,
              key_row,       s.key_row - key_row, local_queries};
  return one;
}

// Says of each chunk whether a part may see any of its keys; `true` is always a true answer.
template <class Scalar>
class seen_chunks {
 public:
  seen_chunks(const problem& g, const rules_of_call<Scalar>& rules, index local_queries)
      : g_(g), rules_(rules), local_queries_(local_queries) {}

  [[nodiscard]] bool sees(const query_part& part, const sequence_chunk& chunk) const {
    if (part.sequence != chunk.sequence) return false;
    const problem one = part_of(g_, part, chunk, chunk.row, local_queries_);
    bool any = false;
    for (index head = 0; head < g_.query_heads && !any; ++head) {
      const scope s = one.of(0, head);
      rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
        const tile_place all{s, 0, part.count, chunk.keys.first, chunk.keys.size()};
        any = !intersect(rules.keys(all.queries()), chunk.keys).empty() &&
              rules.cover(all) != coverage::none;
      });
    }
    return any;
  }

 private:
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  index local_queries_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
