// SPDX-License-Identifier: MIT
// out = softmax(scale q kᵀ, bent and masked) v, a tile of keys at a time.
//
// Dao et al., "FlashAttention", 2022; Rabe and Staats, "Self-attention Does Not Need O(n²) Memory",
// 2021. Queries are lanes: docs/kernel.md tells why.
#pragma once

#include <heed/core/execute.hpp>           // run_tasks
#include <heed/kernel/attention_call.hpp>  // attention_call
#include <heed/kernel/query_block.hpp>     // query_block, exclusions
#include <heed/kernel/schedule.hpp>        // schedule, query_range

#include <algorithm>    // fill_n
#include <type_traits>  // conditional_t

namespace heed {
inline namespace HEED_ABI {

// One task: the rows of a query_range, with working memory of its own.
template <class Storage, class Rules>
class forward_task {
 public:
  using Scalar = accumulator_t<Storage>;
  using unit = std::conditional_t<Rules::has_scores, natural_scores, binary_scores>;
  using block = query_block<Scalar, unit>;

  forward_task(const attention_call<Storage>& call, const Rules& rules, const query_range& range,
               scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        range_(range),
        frame_(memory),
        blocks_per_head_((range.row_count + lanes - 1) / lanes),
        states_per_block_(states_per_block(call)),
        blocks_(frame_.template take<block>(g_.group() * blocks_per_head_)),
        keys_{frame_.template take<Scalar>(keys_per_tile * g_.width), g_.width},
        values_{frame_.template take<Scalar>(keys_per_tile * g_.value_width), g_.value_width},
        scores_(frame_.template take<Scalar>(keys_per_tile * lanes)),
        factor_(frame_.template take<Scalar>(lanes)),
        exclusions_(frame_.template take<bool>(keys_per_tile * lanes)) {}

  // Bytes that a task of so many rows a head takes from scratch, roundings included.
  static index footprint(const attention_call<Storage>& call, index row_count) {
    const geometry& g = call.sizes;
    const index blocks = g.group() * ((row_count + lanes - 1) / lanes);
    const index states = states_per_block(call);
    const index takes = 6 + (1 + 3 * states) * blocks;
    const index numbers = keys_per_tile * (g.width + g.value_width) + (keys_per_tile + 1) * lanes +
                          blocks * lanes * (g.width + states * (g.value_width + 2));
    return numbers * static_cast<index>(sizeof(Scalar)) + keys_per_tile * lanes +
           blocks * static_cast<index>(sizeof(block)) + takes * scratch::granule;
  }

  void run() {
    const interval seen = load();
    for (index first = seen.first / keys_per_tile * keys_per_tile; first < seen.last;
         first += keys_per_tile) {
      if (first % keys_per_chunk == 0) for_each_block([](block& q) { q.close_chunk(); });
      attend(first);
    }
    finish();
    if (call_.options.weights) weigh();
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr double scores_per_natural = natural_scores::log2_of_exp / unit::log2_of_exp;

  scope scope_of(index h) const { return g_.of(range_.sequence, range_.kv_head * g_.group() + h); }
  block& block_of(index h, index b) { return blocks_[h * blocks_per_head_ + b]; }

  // One for the chunk at hand, and one for those before, where there can be any.
  static index states_per_block(const attention_call<Storage>& call) {
    return call.sizes.longest_keys > keys_per_chunk || call.options.sink.given() ? 2 : 1;
  }

  // Brings the queries in; returns the keys that any of them may see.
  interval load() {
    interval seen;
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      const auto bound = rules_.bind(s);
      for (index b = 0; b < blocks_per_head_; ++b) {
        block& q = *std::construct_at(&block_of(h, b), make_block(b));
        load_queries(
            q.queries, q.chunk.packets,
            call_.q.block(s.query_row + q.first_row, s.head * g_.width, q.row_count, g_.width),
            static_cast<Scalar>(call_.scale() * scores_per_natural));
        q.chunk.reset();
        q.has_total = call_.options.sink.given();
        if (q.has_total) q.total.reset(static_cast<Scalar>(call_.options.sink[s.head]));
        const tile_place place{s, q.first_row, q.row_count, 0, s.keys};
        q.keys = intersect(bound.keys(place.queries()), {0, s.keys});
        seen = hull(seen, q.keys);
      }
    }
    return seen;
  }

  block make_block(index b) {
    const index row_count = std::min(lanes, range_.row_count - b * lanes);
    auto* const queries = frame_.template take<Scalar>(g_.width * lanes);
    const auto chunk = make_state(row_count);
    return {range_.first_row + b * lanes,
            row_count,
            {},
            queries,
            chunk,
            states_per_block_ > 1 ? make_state(row_count) : chunk};
  }

  online_softmax<Scalar, unit> make_state(index row_count) {
    return {frame_.template take<Scalar>(lanes),
            frame_.template take<Scalar>(lanes),
            factor_,
            frame_.template take<Scalar>(g_.value_width * lanes),
            (row_count + simd<Scalar>::size - 1) / simd<Scalar>::size,
            g_.value_width};
  }

  template <class Use>
  void for_each_block(const Use& use) {
    for (index i = 0; i < g_.group() * blocks_per_head_; ++i) use(blocks_[i]);
  }

  // Calls use(block, place, rules, coverage) for every block that sees a key of the tile, once its
  // keys are staged.
  template <class Use>
  void for_each_seeing(index first_key, const Use& use) {
    bool staged = false;
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      const interval tile_keys{first_key, std::min(first_key + keys_per_tile, s.keys)};
      const auto bound = rules_.bind(s);
      for (index b = 0; b < blocks_per_head_; ++b) {
        block& q = block_of(h, b);
        const interval seen_keys = intersect(q.keys, tile_keys);
        if (seen_keys.empty()) continue;
        const tile_place place{s, q.first_row, q.row_count, seen_keys.first, seen_keys.size()};
        const coverage seen = bound.cover(place.queries(), place.keys());
        if (seen == coverage::none) continue;
        if (!staged) stage(s, tile_keys);
        staged = true;
        use(q, place, bound, seen);
      }
    }
  }

  void stage(const scope& s, interval keys) {
    const index row = s.key_row + keys.first;
    keys_.stage(call_.k.block(row, range_.kv_head * g_.width, keys.size(), g_.width));
    values_.stage(call_.v.block(row, range_.kv_head * g_.value_width, keys.size(), g_.value_width));
    values_finite_ = values_.finite(keys.size());
  }

  // One tile of keys for all blocks.
  void attend(index first_key) {
    const dropout drop_rule{call_.options.drop_probability, call_.options.drop_seed};
    for_each_seeing(
        first_key, [&](block& q, const tile_place& place, const auto& bound, coverage seen) {
          const index count = place.key_count;
          const key_tile<Scalar> keys = keys_.from(place.first_key % keys_per_tile);
          const value_tile<Scalar> values = values_.from(place.first_key % keys_per_tile);
          q.multiply(scores_, keys, count);   // scores = keys · queries
          bend(scores_, place, bound, seen);  // score rules, masks
          if (!values_finite_) exclusions_.note(scores_, count, q.chunk.packets);
          q.chunk.fold(scores_, count);  // scores = 2^(scores - origin), sum, factor
          if (drop_rule.probability > 0) drop(scores_, place, drop_rule);
          if (values_finite_)
            q.accumulate(scores_, values, count);  // rows = rows factor + valuesᵀ scores
          else
            exclusions_.accumulate(q, scores_, values, count);
        });
  }

  // rows / sum; where nothing was seen, 0 and -infinity.
  void finish() {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      for (index b = 0; b < blocks_per_head_; ++b) {
        block& q = block_of(h, b);
        const index row = s.query_row + q.first_row;
        q.finish();
        store_lanes(call_.out.block(row, s.head * g_.value_width, q.row_count, g_.value_width),
                    q.gathered().rows);
        if (call_.options.log_sum_exp)
          for (index i = 0; i < q.row_count; ++i)
            (*call_.options.log_sum_exp)(row + i, s.head) = q.gathered().log_sum_exp(i);
      }
    }
  }

  // The probabilities themselves, from the scores again.
  void weigh() {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = scope_of(h);
      for (index row = range_.first_row; row < range_.first_row + range_.row_count; ++row)
        for (index key = 0; key < g_.longest_keys; ++key)
          (*call_.options.weights)(s.head * g_.queries + s.query_row + row, key) = Scalar(0);
    }
    for (index first = 0; first < scope_of(0).keys; first += keys_per_tile)
      for_each_seeing(
          first, [&](block& q, const tile_place& place, const auto& bound, coverage seen) {
            q.multiply(scores_, keys_.from(place.first_key % keys_per_tile), place.key_count);
            bend(scores_, place, bound, seen);
            q.gathered().normalise(scores_, place.key_count);
            const index row = place.where.head * g_.queries + place.where.query_row + q.first_row;
            store_lanes(
                call_.options.weights->block(row, place.first_key, q.row_count, place.key_count),
                scores_);
          });
  }

  const attention_call<Storage>& call_;
  const geometry& g_;
  const Rules& rules_;
  query_range range_;
  scratch::frame frame_;
  index blocks_per_head_;
  index states_per_block_;
  block* blocks_;
  key_tile<Scalar> keys_;
  value_tile<Scalar> values_;
  Scalar* scores_;  // (keys, lanes)
  Scalar* factor_;  // (lanes)
  exclusions<Scalar> exclusions_;
  bool values_finite_ = true;
};

// Runs a call that has been checked. Tasks share nothing but what they read.
template <class Storage, class Rules>
void forward(const attention_call<Storage>& call, const Rules& rules, scratch& memory) {
  using task_type = forward_task<Storage, Rules>;
  using plan_type = schedule<typename task_type::Scalar>;
  const plan_type plan(call.sizes, call.options.on.workers);
  const index workers = std::max(index(1), std::min(call.options.on.workers, plan.tasks()));
  const index cursor_bytes = workers * static_cast<index>(sizeof(typename plan_type::cursor));
  memory.prepare_workers(
      workers, task_type::footprint(call, plan.most_rows()) + cursor_bytes + scratch::granule);
  scratch::frame frame(memory);
  auto* const cursors = frame.take<typename plan_type::cursor>(workers);
  std::fill_n(cursors, workers, typename plan_type::cursor{0, 0});
  run_tasks(call.options.on, plan.tasks(), [&](index worker, index task) {
    task_type(call, rules, plan.range(cursors[worker], task), memory.worker(worker)).run();
  });
}

}  // namespace HEED_ABI
}  // namespace heed
