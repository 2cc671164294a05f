// SPDX-License-Identifier: MIT
// The states of decoding: running max, sum and accumulator of the queries of some heads, and the
// part of the keys (KV split) that one worker processes.
#pragma once

#include <heed/kernel/decode/decode_output.hpp>  // decode_output, online_softmax
#include <heed/modifiers/interval.hpp>           // interval

#include <algorithm>  // any_of, fill

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The state of the queries of some key/value heads. Layout: row r = (kv * group + h) * queries + i,
// which is lane r of `sums`, too, is query i of head h in the group of head kv; kv counts from the
// first of these heads. A key/value head with !seen has empty sums and uninitialised rows.
template <class Scalar>
struct decode_state {
  online_softmax<Scalar> sums;  // without acc
  decode_output<Scalar> rows;
  bool* seen;  // whether each key/value head has seen a key
  index heads;

  void prepare(index some_heads, index queries_of_group) {
    heads = some_heads;
    rows.count = heads * queries_of_group;
    sums.packets = packets_of<Scalar>(rows.count);
    sums.reset();
    std::fill(seen, seen + heads, false);
  }

  bool seen_by_any() const {
    return std::any_of(seen, seen + heads, [](bool s) { return s; });
  }

  index rows_of_head() const { return rows.count / heads; }
  decode_output<Scalar> rows_of(index head) const {
    return rows.block(head * rows_of_head(), rows_of_head());
  }

  // Merges the state of a later chunk; `own` and `theirs` have room for one rescale factor a lane.
  void merge(const decode_state& later, Scalar* own, Scalar* theirs) const {
    sums.merge_sums(later.sums, own, theirs);
    for (index head = 0; head < heads; ++head) {
      if (!later.seen[head]) continue;
      const index first = head * rows_of_head();
      if (seen[head])
        rows_of(head).merge(own + first, later.rows_of(head), theirs + first);
      else
        rows_of(head).take(later.rows_of(head));
      seen[head] = true;
    }
  }
};

// A part of a chunk of the keys of a sequence, for some of the heads.
template <class State>
struct decode_part {
  index sequence;
  interval keys;   // within one chunk
  interval heads;  // key/value heads
  bool first;      // whether the chunk is the sequence's first
  bool last;
  State state;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
