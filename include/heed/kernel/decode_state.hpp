// SPDX-License-Identifier: MIT
// What the queries of a group have gathered in decoding, and the share of keys that one worker takes.
#pragma once

#include <heed/kernel/value_rows.hpp>  // value_rows, online_softmax
#include <heed/rules/interval.hpp>     // interval

namespace heed {
inline namespace HEED_ABI {

// What the queries of a group have gathered, a lane of the sums each: row h * queries + i is query i
// of head h of the group.
template <class Scalar, class Unit>
struct decode_state {
  online_softmax<Scalar, Unit> sums;  // without rows
  value_rows<Scalar> rows;
  bool seen;  // anything yet

  void prepare(index queries) {
    sums.packets = packets_of<Scalar>(queries);
    sums.reset();
    rows.count = queries;
    seen = false;
  }

  // Adds what was gathered from a later chunk.
  void merge(const decode_state& later) {
    Scalar own[static_cast<std::size_t>(most_rows)], theirs[static_cast<std::size_t>(most_rows)];
    sums.merge_sums(later.sums, own, theirs);
    rows.merge(own, later.rows, theirs);
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
  State* states;  // one for each of the heads

  State& state(index kv_head) const { return states[kv_head - heads.first]; }
};

}  // namespace HEED_ABI
}  // namespace heed
