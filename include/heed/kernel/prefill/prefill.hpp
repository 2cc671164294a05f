// SPDX-License-Identifier: MIT
// out = softmax(rules(scale q kᵀ)) v, a tile of keys at a time:
//
//   for each tile of keys, for each block of queries that sees some of it:   (attend_tile.hpp)
//     scores = keys · queries; score rules, masks
//     p = 4^(scores - max);  sum = sum rescale + Σ p;  acc = acc rescale + valuesᵀ p
//   out = acc / sum
//
// Dao et al., "FlashAttention", 2022; Rabe and Staats, "Self-attention Does Not Need O(n²) Memory",
// 2021. Queries are lanes; docs/kernel.md says why.
#pragma once

#include <heed/core/execute.hpp>                // run_tasks
#include <heed/core/measuring_memory.hpp>       // measuring_memory
#include <heed/kernel/attention_call.hpp>       // attention_call
#include <heed/kernel/prefill/attend_tile.hpp>  // attend_tile
#include <heed/kernel/prefill/schedule.hpp>     // schedule, query_range
#include <heed/storage/prefetch.hpp>            // prefetch

#include <algorithm>  // fill_n, max, min
#include <atomic>     // atomic
#include <memory>     // construct_at
#include <utility>    // exchange

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One task: the rows of a query_range, with working memory of its own.
template <class Call>
class prefill_task {
 public:
  using Scalar = typename Call::Scalar;
  using block = query_block<Scalar>;

  prefill_task(const Call& call, const rules_of_call<Scalar>& rules, const query_range& range,
               scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        range_(range),
        frame_(memory),
        blocks_per_head_(divide_up(range.row_count, lanes)),
        room_(room::in(frame_, call, g_.group() * blocks_per_head_)) {}

  // The bytes of scratch of a task with row_count rows a head.
  static index footprint(const Call& call, index row_count) {
    measuring_memory memory;
    const index blocks = call.sizes.group() * divide_up(row_count, lanes);
    const room all = room::in(memory, call, blocks);
    for (index b = 0; b < blocks; ++b) block_in(memory, call, all.rescale, 0, 0);
    return memory.bytes();
  }

  // Returns whether no sum of weighted values can have overflowed.
  bool run() {
    plan();
    for (index first = seen_.first / keys_per_tile * keys_per_tile; first < seen_.last;
         first += keys_per_tile) {
      if (first % keys_per_chunk == 0) for_each_block([](block& q) { q.close_chunk(); });
      attend(first);
    }
    for (index h = 0; h < g_.group(); ++h)
      for (index b = 0; b < blocks_per_head_; ++b)
        if (!block_of(h, b).finished) finish(block_of(h, b), scope_of(h));
    if (call_.options.weights) write_probabilities();
    return moderate_;
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;

  struct room {
    block* blocks;
    Scalar* keys;     // (keys, width)
    Scalar* values;   // (value width, keys)
    Scalar* rescale;  // (lanes)
    tile_work<Scalar> work;

    template <class Memory>
    static room in(Memory& memory, const Call& call, index blocks) {
      return {memory.template take<block>(blocks),
              memory.template take<Scalar>(keys_per_tile * call.sizes.width),
              memory.template take<Scalar>(keys_per_tile * call.sizes.value_width),
              memory.template take<Scalar>(lanes),
              tile_work<Scalar>::in(memory, keys_per_tile, call.damping)};
    }
  };

  // A block has one state for the current chunk and, if there can be several chunks, one for those
  // before.
  template <class Memory>
  static block block_in(Memory& memory, const Call& call, Scalar* rescale, index first_row,
                        index row_count) {
    const problem& g = call.sizes;
    const index states = g.longest_keys > keys_per_chunk || call.options.sink.given() ? 2 : 1;
    return block::in(memory, g.width, g.value_width, states, rescale, first_row, row_count);
  }

  scope scope_of(index h) const { return g_.of(range_.sequence, range_.kv_head * g_.group() + h); }
  block& block_of(index h, index b) { return room_.blocks[h * blocks_per_head_ + b]; }

  // Computes which keys each block may see at most, and which keys any block may see.
  void plan() {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
        for (index b = 0; b < blocks_per_head_; ++b) {
          const index row = b * lanes, count = (std::min)(lanes, range_.row_count - row);
          block& q = *std::construct_at(&block_of(h, b), block_in(frame_, call_, room_.rescale,
                                                                  range_.first_row + row, count));
          q.reset();
          if (call_.options.sink.given()) q.reset_to_sink(call_.sink_of(s.head));
          const tile_place place{s, q.first_row, q.row_count, 0, s.keys};
          q.keys = intersect(rules.keys(place.queries()), call_.keys_at_hand(s));
          seen_ = hull(seen_, q.keys);
        }
      });
    }
  }

  template <class Use>
  void for_each_block(const Use& use) {
    for (index i = 0; i < g_.group() * blocks_per_head_; ++i) use(room_.blocks[i]);
  }

  // Calls use(block, place, rules, coverage) for every block that sees a key of the tile, after
  // packing the tile's keys.
  template <class Use>
  void for_each_seeing(index first_key, const Use& use) {
    bool packed = false;
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      const interval tile_keys{first_key, (std::min)(first_key + keys_per_tile, s.keys)};
      rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
        for (index b = 0; b < blocks_per_head_; ++b) {
          block& q = block_of(h, b);
          const interval seen_keys = intersect(q.keys, tile_keys);
          if (seen_keys.empty()) continue;
          const tile_place place{s, q.first_row, q.row_count, seen_keys.first, seen_keys.size()};
          const coverage seen = rules.cover(place);
          if (seen == coverage::none) continue;
          if (!packed) pack_tile(s, tile_keys);
          packed = true;
          use(q, place, rules, seen);
        }
      });
    }
  }

  void pack_tile(const scope& s, interval keys) {
    const index row = s.key_row + keys.first;
    tile_.keys = pack_keys(room_.keys, call_.keys_of(range_.kv_head, row, keys.size()));
    tile_.values = pack_values(room_.values, call_.values_of(range_.kv_head, row, keys.size()));
    const value_sizes sizes = sizes_of(tile_.values);
    tile_.finite = sizes.finite;
    moderate_ &= sizes.moderate;
  }

  // One tile of keys for all blocks. A block's queries are packed at its first tile and its results
  // are stored at its last, so that as few blocks as possible are in the processor's cache at a
  // time. The memory of the results is prefetched: a store that waits for its cache line delays the
  // stores behind it.
  void attend(index first_key) {
    for_each_seeing(first_key,
                    [&](block& q, const tile_place& place, const auto& rules, coverage seen) {
                      const bool last = first_key + keys_per_tile >= q.keys.last;
                      if (!std::exchange(q.loaded, true)) load(q, place.where);
                      if (last) prefetch(call_.results_of(q, place.where));
                      attend_tile(q, tile_.part(place.first_key - first_key, place.key_count),
                                  place, rules, seen, call_.drop, room_.work);
                      if (last) finish(q, place.where);
                    });
  }

  // Packs the queries of a block, and prefetches those of the next block.
  void load(const block& q, const scope& s) {
    const auto rows = call_.queries_of(q, s);
    if (rows.col_stride == 1) prefetch(rows, rows.rows * rows.row_stride);
    call_.load(q, s);
  }

  void finish(block& q, const scope& s) {
    call_.finish(q, s);
    q.finished = true;
  }

  // Writes the probabilities (heed::weights), computed from the scores again.
  void write_probabilities() {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      for (index row = range_.first_row; row < range_.first_row + range_.row_count; ++row)
        for (index key = 0; key < g_.longest_keys; ++key)
          (*call_.options.weights)(s.head * g_.queries + s.query_row + row, key) = Scalar(0);
    }
    for (index first = 0; first < scope_of(0).keys; first += keys_per_tile)
      for_each_seeing(first, [&](block& q, const tile_place& place, const auto& rules,
                                 coverage seen) {
        q.multiply(room_.work.scores, tile_.part(place.first_key - first, place.key_count).keys);
        rules.apply(room_.work.scores, place, seen);
        q.gathered().normalise(room_.work.scores, place.key_count);
        const index row = place.where.head * g_.queries + place.where.query_row + q.first_row;
        store_lanes(
            call_.options.weights->block(row, place.first_key, q.row_count, place.key_count),
            room_.work.scores);
      });
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  query_range range_;
  scratch::frame frame_;
  index blocks_per_head_;
  room room_;
  key_value_tile<Scalar> tile_;  // the current tile
  interval seen_;                // keys that any block may see
  bool moderate_ = true;         // whether all values so far are moderate
};

// Runs all tasks of a call, which share only what they read. Returns whether no sum of weighted
// values can have overflowed.
template <class Call>
bool prefill(const Call& call, const rules_of_call<typename Call::Scalar>& rules, scratch& memory) {
  using task_type = prefill_task<Call>;
  using plan_type = schedule<typename task_type::Scalar>;
  const plan_type plan(call.sizes, call.options.on.workers);
  const index workers = (std::max)(index(1), (std::min)(call.options.on.workers, plan.tasks()));
  measuring_memory measured;
  measured.take<typename plan_type::cursor>(workers);
  memory.prepare_workers(workers, task_type::footprint(call, plan.most_rows()) + measured.bytes());
  scratch::frame frame(memory);
  auto* const cursors = frame.take<typename plan_type::cursor>(workers);
  std::fill_n(cursors, workers, typename plan_type::cursor{0, 0});
  std::atomic<bool> moderate{true};
  run_tasks(call.options.on, plan.tasks(), [&](index worker, index task) {
    task_type one(call, rules, plan.range(cursors[worker], task), memory.worker(worker));
    if (!one.run()) moderate.store(false, std::memory_order_relaxed);
  });
  return moderate;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
