// SPDX-License-Identifier: MIT
// The same as forward.hpp for few queries over many keys, as in decoding: each key and value is read
// once for all query heads of a group, keys and then features are lanes, and threads share keys out
// in chunks, and heads where chunks are few. The sums are formed in the same order, and so are the
// bits.
#pragma once

#include <heed/core/execute.hpp>        // run_tasks
#include <heed/kernel/decode_work.hpp>  // decode_work

#include <algorithm>  // max, min
#include <utility>    // swap

namespace heed {
inline namespace HEED_ABI {

// Whether queries are so few that memory is what takes time. Probabilities are the other kernel's.
template <class Call>
bool is_decoding(const Call& call) {
  const geometry& g = call.sizes;
  return g.longest_queries <= queries_per_block<typename Call::Scalar> &&
         g.longest_queries * g.group() <= most_rows && numbers_of(call.k).col_stride == 1 &&
         numbers_of(call.v).col_stride == 1 && !call.options.weights;
}

template <class Call, class Unit>
class decoder {
 public:
  using work = decode_work<Call, Unit>;
  using state = typename work::state;
  using Scalar = typename work::Scalar;

  decoder(const Call& call, const call_rules<Scalar>& rules, scratch& memory, index workers)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        memory_(memory),
        workers_(std::max(index(1), workers)),
        heads_per_part_(heads_per_part()) {}

  void run() {
    // One alone adds each part at once; several go ahead of the sum by a few each.
    const index ahead =
        workers_ == 1 ? 1 : std::max(index(1), std::min(16 * workers_, most_parts()));
    // This thread's own holds the sums as well.
    memory_.prepare_workers(1, work::footprint(g_) + footprint_of(ahead));
    memory_.prepare_workers(std::min(workers_, ahead), work::footprint(g_));
    scratch::frame frame(memory_);
    auto* const parts = frame.take<decode_part<state>>(ahead);
    for (index i = 0; i < ahead; ++i)
      std::construct_at(parts + i)->states = states_in(frame, heads_per_part_);
    state* const totals = states_in(frame, g_.kv_heads);
    for (start(0); sequence_ < g_.sequences;) {
      index count = 0;
      for (; count < ahead && sequence_ < g_.sequences; ++count) place(parts[count]);
      run_tasks(call_.options.on, count, [&](index worker, index i) {
        work(call_, rules_, memory_.worker(worker)).attend(parts[i]);
      });
      for (index i = 0; i < count; ++i) add(totals, parts[i]);
    }
  }

 private:
  index rows() const { return g_.longest_queries * g_.group(); }
  index lanes() const { return whole_packets<Scalar>(rows()); }

  // All of them, so that rows of memory are read as they lie, unless there are fewer chunks than
  // work for all workers.
  index heads_per_part() const {
    const index chunks = g_.keys / keys_per_chunk + g_.sequences;
    const index wanted = workers_ == 1 ? 1 : divide_up(4 * workers_, std::max(index(1), chunks));
    return divide_up(g_.kv_heads, std::min(wanted, g_.kv_heads));
  }
  index most_parts() const {
    return g_.sequences * (g_.longest_keys / keys_per_chunk + 2) *
           divide_up(g_.kv_heads, heads_per_part_);
  }

  // Bytes of so many parts and of the sums.
  index footprint_of(index parts) const {
    const index numbers = rows() * value_rows<Scalar>::pitch_of(g_.value_width) + 2 * lanes();
    const index bytes = numbers * static_cast<index>(sizeof(Scalar)) +
                        static_cast<index>(sizeof(state)) + 3 * scratch::granule;
    return (parts * heads_per_part_ + g_.kv_heads) * bytes +
           parts * static_cast<index>(sizeof(decode_part<state>)) + (parts + 2) * scratch::granule;
  }

  state* states_in(scratch::frame& frame, index heads) const {
    auto* const states = frame.take<state>(heads);
    for (index h = 0; h < heads; ++h) {
      auto* const origin = frame.take<Scalar>(lanes());
      auto* const sum = frame.take<Scalar>(lanes());
      auto* const room = frame.take<Scalar>(rows() * value_rows<Scalar>::pitch_of(g_.value_width));
      std::construct_at(
          states + h,
          state{{origin, sum, nullptr, nullptr, 0, 0}, {room, rows(), g_.value_width}, false});
    }
    return states;
  }

  // Goes to a sequence and finds out which keys any of its queries may see.
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
    next_ = seen_.first;
  }

  // The next part; of a sequence that sees nothing, without keys.
  void place(decode_part<state>& part) {
    part.sequence = sequence_;
    part.keys = {next_, std::min((next_ / keys_per_chunk + 1) * keys_per_chunk, seen_.last)};
    part.heads = {head_, std::min(head_ + heads_per_part_, g_.kv_heads)};
    part.first = next_ == seen_.first;
    part.last = part.keys.last >= seen_.last;
    head_ = part.heads.last;
    if (head_ < g_.kv_heads) return;
    head_ = 0;
    next_ = part.keys.last;
    if (part.last) start(sequence_ + 1);
  }

  void add(state* totals, decode_part<state>& part) const {
    for (index kv = part.heads.first; kv < part.heads.last; ++kv) {
      state& total = totals[kv];
      state& chunk = part.state(kv);
      if (part.first) begin(total, part.sequence, kv);
      if (chunk.seen) {
        total.seen ? total.merge(chunk) : std::swap(total, chunk);
        total.seen = true;
      }
      if (part.last) finish(total, part.sequence, kv);
    }
  }

  // With the logits of sinks, or with nothing.
  void begin(state& total, index sequence, index kv_head) const {
    const scope s = g_.of(sequence, kv_head * g_.group());
    total.prepare(s.queries * g_.group());
    total.seen = call_.options.sink.given();
    for (index h = 0; h < g_.group() && total.seen; ++h)
      for (index i = 0; i < s.queries; ++i)
        total.sums.set_sink(h * s.queries + i, call_.options.sink[s.head + h]);
    if (total.seen) total.rows.clear();
  }

  // rows / sum; where nothing was seen, 0 and -infinity.
  void finish(state& total, index sequence, index kv_head) const {
    const scope s = g_.of(sequence, kv_head * g_.group());
    if (!total.seen) total.rows.clear();
    Scalar one_over[static_cast<std::size_t>(most_rows)];
    for (index lane = 0; lane < total.sums.packets * simd<Scalar>::size; lane += simd<Scalar>::size)
      simd<Scalar>::store(one_over + lane, total.sums.one_over_sum(lane));
    total.rows.finish(one_over);
    for (index h = 0; h < g_.group(); ++h) {
      copy(call_.out.block(s.query_row, (s.head + h) * g_.value_width, s.queries, g_.value_width),
           total.rows.block(h * s.queries, s.queries));
      if (call_.options.log_sum_exp)
        for (index i = 0; i < s.queries; ++i)
          (*call_.options.log_sum_exp)(s.query_row + i, s.head + h) =
              total.sums.log_sum_exp(h * s.queries + i);
    }
  }

  const Call& call_;
  const geometry& g_;
  const call_rules<Scalar>& rules_;
  scratch& memory_;
  index workers_;
  index heads_per_part_;
  index sequence_ = 0;  // at hand
  interval seen_;       // its keys that any query may see
  index next_ = 0;      // the first that no part has
  index head_ = 0;      // the first key/value head that has it not
};

}  // namespace HEED_ABI
}  // namespace heed
