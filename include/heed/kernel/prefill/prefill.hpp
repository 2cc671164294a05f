// SPDX-License-Identifier: MIT
// out = softmax(rules(scale q kᵀ)) v, a tile of keys at a time:
//
//   for each tile of keys, for each block of queries that sees some of it:   (attend_tile.hpp)
//     scores = keys · queries; score rules, masks
//     p = 4^(scores - max);  sum = sum rescale + Σ p;  acc = acc rescale + valuesᵀ p
//   out = acc / sum
//
// Dao et al., "FlashAttention", 2022; Rabe and Staats, "Self-attention Does Not Need O(n²) Memory",
// 2021. Queries are lanes: docs/kernel.md tells why.
#pragma once

#include <heed/core/execute.hpp>                // run_tasks
#include <heed/kernel/attention_call.hpp>       // attention_call
#include <heed/kernel/decode/partition.hpp>     // decoder
#include <heed/kernel/prefill/attend_tile.hpp>  // attend_tile
#include <heed/kernel/prefill/schedule.hpp>     // schedule, query_range
#include <heed/kernel/small/small.hpp>          // small_task
#include <heed/storage/prefetch.hpp>            // prefetch

#include <algorithm>    // clamp, fill_n, max, min
#include <atomic>       // atomic
#include <cmath>        // ilogb, isfinite, isinf, isnan, ldexp
#include <limits>       // max
#include <type_traits>  // remove_cvref_t
#include <utility>      // exchange

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
        states_per_block_(states_per_block(call)),
        blocks_(frame_.template take<block>(g_.group() * blocks_per_head_)),
        key_room_(frame_.template take<Scalar>(keys_per_tile * g_.width)),
        value_room_(frame_.template take<Scalar>(keys_per_tile * g_.value_width)),
        rescale_(frame_.template take<Scalar>(lanes)),
        work_(tile_work<Scalar>::in(frame_, keys_per_tile, call.damping)) {}

  // Bytes that a task of so many rows a head takes from scratch, roundings included.
  static index footprint(const Call& call, index row_count) {
    const problem& g = call.sizes;
    const index blocks = g.group() * divide_up(row_count, lanes);
    const index states = states_per_block(call);
    const index takes = 6 + (1 + 3 * states) * blocks;
    const index numbers = keys_per_tile * (g.width + g.value_width) + (keys_per_tile + 1) * lanes +
                          blocks * lanes * (g.width + states * (g.value_width + 2));
    return numbers * static_cast<index>(sizeof(Scalar)) + keys_per_tile * lanes +
           blocks * static_cast<index>(sizeof(block)) + takes * scratch::granule;
  }

  // Says whether no sum of weighted values can have overflowed.
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

  scope scope_of(index h) const { return g_.of(range_.sequence, range_.kv_head * g_.group() + h); }
  block& block_of(index h, index b) { return blocks_[h * blocks_per_head_ + b]; }

  // One for the chunk at hand, and one for those before, where there can be any.
  static index states_per_block(const Call& call) {
    return call.sizes.longest_keys > keys_per_chunk || call.options.sink.given() ? 2 : 1;
  }

  // Finds out which keys each block may see at most, and which any may.
  void plan() {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
        for (index b = 0; b < blocks_per_head_; ++b) {
          const index row = b * lanes, count = (std::min)(lanes, range_.row_count - row);
          block& q = *std::construct_at(
              &block_of(h, b),
              block::in(frame_, g_, states_per_block_, rescale_, range_.first_row + row, count));
          q.reset();
          if (call_.options.sink.given()) q.reset_to_sink(call_.sink_of(s.head));
          const tile_place place{s, q.first_row, q.row_count, 0, s.keys};
          q.keys = intersect(rules.keys(place.queries()), {0, s.keys});
          seen_ = hull(seen_, q.keys);
        }
      });
    }
  }

  template <class Use>
  void for_each_block(const Use& use) {
    for (index i = 0; i < g_.group() * blocks_per_head_; ++i) use(blocks_[i]);
  }

  // Calls use(block, place, rules, coverage) for every block that sees a key of the tile, once its
  // keys are packed.
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
    tile_.keys = pack_keys(key_room_, call_.keys_of(range_.kv_head, row, keys.size()));
    tile_.values = pack_values(value_room_, call_.values_of(range_.kv_head, row, keys.size()));
    const value_sizes sizes = sizes_of(tile_.values);
    tile_.finite = sizes.finite;
    moderate_ &= sizes.moderate;
  }

  // One tile of keys for all blocks. A block comes in with its first tile and is done with its last,
  // so that as few as can be are in the processor's cache at a time. Where its results go is fetched
  // meanwhile: a store that waits for its line holds up those behind it.
  void attend(index first_key) {
    for_each_seeing(first_key,
                    [&](block& q, const tile_place& place, const auto& rules, coverage seen) {
                      const bool last = first_key + keys_per_tile >= q.keys.last;
                      if (!std::exchange(q.loaded, true)) load(q, place.where);
                      if (last) prefetch(call_.results_of(q, place.where));
                      attend_tile(q, tile_.part(place.first_key - first_key, place.key_count),
                                  place, rules, seen, call_.drop, work_);
                      if (last) finish(q, place.where);
                    });
  }

  // Those of the next block are fetched meanwhile.
  void load(const block& q, const scope& s) {
    const auto rows = call_.queries_of(q, s);
    if (rows.col_stride == 1) prefetch(rows, rows.rows * rows.row_stride);
    call_.load(q, s);
  }

  void finish(block& q, const scope& s) {
    call_.finish(q, s);
    q.finished = true;
  }

  // The probabilities themselves, from the scores again.
  void write_probabilities() {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      for (index row = range_.first_row; row < range_.first_row + range_.row_count; ++row)
        for (index key = 0; key < g_.longest_keys; ++key)
          (*call_.options.weights)(s.head * g_.queries + s.query_row + row, key) = Scalar(0);
    }
    for (index first = 0; first < scope_of(0).keys; first += keys_per_tile)
      for_each_seeing(
          first, [&](block& q, const tile_place& place, const auto& rules, coverage seen) {
            q.multiply(work_.scores, tile_.part(place.first_key - first, place.key_count).keys);
            rules.apply(work_.scores, place, seen);
            q.gathered().normalise(work_.scores, place.key_count);
            const index row = place.where.head * g_.queries + place.where.query_row + q.first_row;
            store_lanes(
                call_.options.weights->block(row, place.first_key, q.row_count, place.key_count),
                work_.scores);
          });
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  query_range range_;
  scratch::frame frame_;
  index blocks_per_head_;
  index states_per_block_;
  block* blocks_;
  Scalar* key_room_;
  Scalar* value_room_;
  key_value_tile<Scalar> tile_;  // at hand
  Scalar* rescale_;              // (lanes)
  tile_work<Scalar> work_;
  interval seen_;         // keys that any block may see
  bool moderate_ = true;  // whether all values so far are
};

// Runs a call by the kernel that suits it, and says whether no sum of weighted values can have
// overflowed. Tasks share nothing but what they read.
template <class Call>
HEED_ONE_COPY bool forward_once(const Call& call, const rules_of_call<typename Call::Scalar>& rules,
                                scratch& memory) {
  // A block of queries with most of its lanes empty is worth less than keys as lanes; where heads are
  // narrow, only if it has a single one.
  const problem& g = call.sizes;
  constexpr index narrow = 16, half = simd<typename Call::Scalar>::size / 2;
  const bool few = g.longest_queries <=
                   (g.width + g.value_width <= 2 * narrow ? (std::min)(index(1), half) : half);
  const bool one_tile = is_small(call);
  if (is_decoding(call) && (few || !one_tile))
    return decoder<Call>(call, rules, memory, one_tile ? 1 : call.options.on.workers).run();
  if (one_tile) {
    scratch::frame frame(memory);
    return small_task<Call>(call, rules, frame).run();
  }
  using task_type = prefill_task<Call>;
  using plan_type = schedule<typename task_type::Scalar>;
  const plan_type plan(call.sizes, call.options.on.workers);
  const index workers = (std::max)(index(1), (std::min)(call.options.on.workers, plan.tasks()));
  const index cursor_bytes = workers * static_cast<index>(sizeof(typename plan_type::cursor));
  memory.prepare_workers(
      workers, task_type::footprint(call, plan.most_rows()) + cursor_bytes + scratch::granule);
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

// Mends results whose sums of weighted values overflowed, though a weighted mean lies between its
// values: all is done again with weights that are a power of two smaller, and results that are finite
// then take the place of those that were not. The factor is the same for any number of keys, and so a
// row's bits depend on no other row. Takes memory for a second `out`.
template <class Call>
void mend_overflow(const Call& call, const rules_of_call<typename Call::Scalar>& rules,
                   scratch& memory) {
  using Scalar = typename Call::Scalar;
  using Query = std::remove_cvref_t<decltype(*call.out.data)>;
  // What half cannot hold is infinite, however it was summed.
  if constexpr (std::numeric_limits<Query>::max_exponent <
                std::numeric_limits<Scalar>::max_exponent)
    return;
  const auto result = [&](index i, index j) { return static_cast<Scalar>(call.out(i, j)); };
  bool all = true;
  for (index i = 0; i < call.out.rows; ++i)
    for (index j = 0; j < call.out.cols; ++j) all = all && std::isfinite(result(i, j));
  if (all) return;

  constexpr int most_keys = 32;  // in powers of two; weights are 2^(1/2) at most
  const double survivors = 1 - call.options.drop_probability;
  const int power = most_keys - std::ilogb(survivors);
  scratch::frame frame(memory);
  Call again = call;
  again.damping = std::ldexp(Scalar(1), -power);
  again.out = {frame.take<Query>(call.out.rows * call.out.cols), call.out.rows, call.out.cols,
               call.out.cols, 1};
  again.options.log_sum_exp.reset();
  again.options.weights.reset();
  forward_once(again, rules, memory);
  for (index i = 0; i < call.out.rows; ++i)
    for (index j = 0; j < call.out.cols; ++j) {
      const auto damped = static_cast<Scalar>(again.out(i, j));
      // Infinite values make NaN of sums that overflow to the other side, and come through here.
      const bool better = std::isfinite(damped) || (std::isinf(damped) && std::isnan(result(i, j)));
      if (std::isfinite(result(i, j)) || !better) continue;
      const Scalar raised = std::ldexp(damped, power);
      constexpr Scalar most = (std::numeric_limits<Scalar>::max)();
      // A mean is beyond the largest number by rounding alone; what dropout has raised may be infinite.
      const bool is_mean = call.options.drop_probability <= 0 && std::isfinite(damped);
      call.out(i, j) = static_cast<Query>(is_mean ? std::clamp(raised, -most, most) : raised);
    }
}

// Runs a call that has been checked.
template <class Call>
void forward(const Call& call, const rules_of_call<typename Call::Scalar>& rules, scratch& memory) {
  if (!forward_once(call, rules, memory)) mend_overflow(call, rules, memory);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
