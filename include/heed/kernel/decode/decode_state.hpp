// SPDX-License-Identifier: MIT
// What the queries of some heads have gathered in decoding, and the share of keys that one worker
// takes.
#pragma once

#include <heed/kernel/decode/decode_output.hpp>  // decode_output, online_softmax
#include <heed/modifiers/interval.hpp>           // interval

#include <algorithm>  // any_of, fill

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What the queries of some key/value heads have gathered. Row (kv * group + h) * queries + i, and the
// lane of the sums of that number, is query i of head h of the group of head kv, counted from the
// first of these heads. Heads that have seen nothing yet have the sums of nothing; their rows are of
// no meaning.
template <class Scalar>
struct decode_state {
  online_softmax<Scalar> sums;  // without rows
  decode_output<Scalar> rows;
  bool* seen;  // by each key/value head: anything yet
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

  // Adds what was gathered from a later chunk; there is room for a factor a lane of either.
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

// A chunk of the keys of a sequence, for some of the heads.
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
