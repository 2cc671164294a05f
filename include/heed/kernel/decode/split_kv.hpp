// SPDX-License-Identifier: MIT
// Decoding with split KV: few queries over many keys. Each key and value is read once for all query
// heads of a group; keys, and then features, are lanes. Threads take chunks of the keys, and some of the
// heads where chunks are few; partial results are merged in the order of the keys. The sums are formed
// in the same order as in prefill, so the bits are the same.
#pragma once

#include <heed/core/execute.hpp>          // run_tasks
#include <heed/kernel/decode/decode.hpp>  // decode_task

#include <algorithm>  // fill, max, min
#include <memory>     // construct_at
#include <utility>    // swap

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call>
class split_kv_decoder {
 public:
  using work = decode_task<Call>;
  using state = typename work::state;
  using Scalar = typename work::Scalar;

  split_kv_decoder(const Call& call, const rules_of_call<Scalar>& rules, scratch& memory,
                   index workers)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        memory_(memory),
        workers_((std::max)(index(1), workers)),
        heads_per_part_(heads_per_part()) {}

  // Returns whether no sum of weighted values can have overflowed.
  bool run() {
    // One worker adds each part at once; several workers may be a few parts each ahead of the sum.
    const auto most_ahead = [](index workers) { return workers == 1 ? 1 : 16 * workers; };
    const index ahead = (std::max)(index(1), (std::min)(most_ahead(workers_), most_parts()));
    // The calling thread's scratch holds the sums as well. All workers get the memory that more
    // keys would need, so that a cache that grows between calls makes only the first call allocate.
    const index offered = (std::max)(workers_, call_.options.on.workers);
    measuring_memory measured;
    split_kv_decoder of_more_keys(call_, rules_, memory_, offered);
    of_more_keys.heads_per_part_ = g_.kv_heads;
    of_more_keys.room_in(measured, most_ahead(offered), g_.kv_heads);
    memory_.prepare_workers(1, work::footprint(g_) + measured.bytes());
    memory_.prepare_workers(offered, work::footprint(g_));
    scratch::frame frame(memory_);
    const room all = room_in(frame, ahead, parts_per_chunk());
    factors_ = all.factors;
    for (start(0); sequence_ < g_.sequences;) {
      index count = 0;
      for (; count < ahead && sequence_ < g_.sequences; ++count) place(all.parts[count]);
      run_tasks(call_.options.on, count, [&](index worker, index i) {
        work(call_, rules_, memory_.worker(worker)).attend(all.parts[i]);
      });
      for (index i = 0; i < count; ++i)
        add(all.totals[all.parts[i].heads.first / heads_per_part_], all.parts[i]);
    }
    return finite_;
  }

 private:
  // The most rows of a part, and lanes for them.
  index rows() const { return g_.longest_queries * g_.group() * heads_per_part_; }
  index lanes() const { return whole_packets<Scalar>(rows()); }

  // All of them, so that rows of memory are read as they lie, unless there are fewer chunks than
  // work for all workers. Columns are read one by one anyway, and as few as can be for a whole chunk.
  index heads_per_part() const {
    if (!lie_by_rows(call_.k) && !lie_by_rows(call_.v)) return 1;
    const index chunks = g_.keys / keys_per_chunk + g_.sequences;
    const index wanted = workers_ == 1 ? 1 : divide_up(4 * workers_, (std::max)(index(1), chunks));
    return divide_up(g_.kv_heads, (std::min)(wanted, g_.kv_heads));
  }
  index parts_per_chunk() const { return divide_up(g_.kv_heads, heads_per_part_); }
  index most_parts() const {
    return g_.sequences * (g_.longest_keys / keys_per_chunk + 2) * parts_per_chunk();
  }

  // Rescale factors (lanes) of the sums and of the state that is merged into them.
  struct two_factors {
    Scalar* own;
    Scalar* theirs;
  };

  struct room {
    decode_part<state>* parts;
    state* totals;  // of each part of a chunk
    two_factors factors;
  };

  // Where the memory is only measured, its pointers are null and nothing is constructed.
  template <class Memory>
  room room_in(Memory& memory, index ahead, index parts_of_chunk) const {
    auto* const parts = memory.template take<decode_part<state>>(ahead);
    for (index i = 0; i < ahead; ++i) {
      const state s = state_in(memory);
      if (parts != nullptr) std::construct_at(parts + i)->state = s;
    }
    auto* const totals = memory.template take<state>(parts_of_chunk);
    for (index i = 0; i < parts_of_chunk; ++i) {
      const state s = state_in(memory);
      if (totals != nullptr) std::construct_at(totals + i, s);
    }
    auto* const own = memory.template take<Scalar>(lanes());
    return {parts, totals, {own, memory.template take<Scalar>(lanes())}};
  }

  template <class Memory>
  state state_in(Memory& frame) const {
    auto* const max = frame.template take<Scalar>(lanes());
    auto* const sum = frame.template take<Scalar>(lanes());
    auto* const acc =
        frame.template take<Scalar>(rows() * decode_output<Scalar>::pitch_of(g_.value_width));
    return {{max, sum, nullptr, nullptr, 0, 0},
            {acc, 0, g_.value_width},
            frame.template take<bool>(heads_per_part_),
            0};
  }

  // Begins a sequence: computes which keys any of its queries may see.
  void start(index sequence) {
    sequence_ = sequence;
    if (sequence == g_.sequences) return;
    seen_ = {};
    for (index h = 0; h < g_.query_heads; ++h) {
      const scope s = g_.of(sequence, h);
      const interval queries{s.offset, s.offset + s.queries};
      if (s.queries > 0)
        rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
          seen_ = hull(seen_, intersect(rules.keys(queries), {0, s.keys}));
        });
    }
    // A part of a tile begins with the first key of the tile.
    if (elements_of(call_.k).in_tiles()) seen_.first = seen_.first / keys_per_tile * keys_per_tile;
    next_ = seen_.first;
  }

  // The next part; a sequence whose queries see no key has one part without keys.
  void place(decode_part<state>& part) {
    part.sequence = sequence_;
    part.keys = {next_, (std::min)((next_ / keys_per_chunk + 1) * keys_per_chunk, seen_.last)};
    part.heads = {head_, (std::min)(head_ + heads_per_part_, g_.kv_heads)};
    part.first = next_ == seen_.first;
    part.last = part.keys.last >= seen_.last;
    head_ = part.heads.last;
    if (head_ < g_.kv_heads) return;
    head_ = 0;
    next_ = part.keys.last;
    if (part.last) start(sequence_ + 1);
  }

  void add(state& total, decode_part<state>& part) {
    if (part.first) begin(total, part);
    if (total.seen_by_any())
      total.merge(part.state, factors_.own, factors_.theirs);
    else
      std::swap(total, part.state);
    if (part.last) finite_ &= finish(total, part);
  }

  // Starts with the logits of sinks, or with empty sums.
  void begin(state& total, const decode_part<state>& part) const {
    const scope s = g_.of(part.sequence, 0);
    total.prepare(part.heads.size(), s.queries * g_.group());
    if (!call_.options.sink.given()) return;
    for (index row = 0; row < total.rows.count; ++row)
      total.sums.set_sink(row, call_.sink_of(part.heads.first * g_.group() + row / s.queries));
    total.rows.clear();
    std::fill(total.seen, total.seen + total.heads, true);
  }

  // rows / sum; 0 and -infinity for a query that has seen no key. Returns whether all results are
  // finite.
  bool finish(const state& total, const decode_part<state>& part) const {
    for (index head = 0; head < total.heads; ++head)
      if (!total.seen[head]) total.rows_of(head).clear();
    Scalar* const one_over = factors_.own;
    for (index lane = 0; lane < total.sums.packets * simd<Scalar>::size; lane += simd<Scalar>::size)
      simd<Scalar>::store(one_over + lane, total.sums.one_over_sum(lane));
    const bool finite = total.rows.finish(one_over);
    for (index head = part.heads.first * g_.group(); head < part.heads.last * g_.group(); ++head) {
      const scope s = g_.of(part.sequence, head);
      const index row = (head - part.heads.first * g_.group()) * s.queries;
      copy(call_.out.block(s.query_row, head * g_.value_width, s.queries, g_.value_width),
           total.rows.block(row, s.queries).numbers());
      if (call_.options.log_sum_exp)
        for (index i = 0; i < s.queries; ++i)
          (*call_.options.log_sum_exp)(s.query_row + i, head) = total.sums.log_sum_exp(row + i);
    }
    return finite;
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  scratch& memory_;
  index workers_;
  index heads_per_part_;
  two_factors factors_ = {};
  index sequence_ = 0;  // the current sequence
  interval seen_;       // its keys that any query may see
  index next_ = 0;      // the first key that no part has yet
  index head_ = 0;      // the first key/value head whose part with that key is still to come
  bool finite_ = true;  // whether all results so far are
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
