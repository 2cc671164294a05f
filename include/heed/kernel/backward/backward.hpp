// SPDX-License-Identifier: MIT
// The gradients of attention, a tile of keys and some queries at a time:
//
//   for each chunk of keys, for each step of queries that sees some of it:      (backward_tile.hpp)
//     for each tile of the chunk:  d_queries, d_keys, d_values += ...
//     d_q += d_queries, one chunk after the other
//   d_k, d_v += d_keys, d_values, one range of queries after the other
//
// Five products a pair, as in FlashAttention (Dao et al., 2022): no tile is computed twice, since
// chunks take turns in adding to d_q.
#pragma once

#include <heed/core/measuring_memory.hpp>              // measuring_memory
#include <heed/kernel/backward/backward_schedule.hpp>  // backward_schedule
#include <heed/kernel/backward/backward_tile.hpp>      // backward_tile
#include <heed/kernel/backward/turns.hpp>              // turns, turn_keeper

#include <algorithm>  // fill_n, max, min
#include <cmath>      // exp
#include <limits>     // infinity
#include <utility>    // exchange

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One task: the keys and queries of a range, with working memory of its own.
template <class Call>
class backward_task {
 public:
  using Scalar = typename Call::Scalar;
  using plan_type = backward_schedule<Scalar>;

  backward_task(const Call& call, const gradient_rules<Scalar>& rules, const plan_type& plan,
                const turns& order, const backward_task_range& range, scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        plan_(plan),
        turns_(order),
        range_(range),
        frame_(memory),
        room_(room::in(frame_, call, plan.most_keys())) {}

  // The bytes of scratch that a task takes.
  static index footprint(const Call& call, const plan_type& plan) {
    measuring_memory memory;
    room::in(memory, call, plan.most_keys());
    return memory.bytes();
  }

  // `slopes`: a number for each query head of the task, unless null.
  void run(const view<double>& slopes) {
    room_.chunk.range = range_.keys;
    const interval heads = call_.heads_of_group();
    for (index i = 0; i < range_.kv_head_count; ++i) {
      const index kv_head = range_.kv_head + i;
      const scope first = g_.of(range_.sequence, kv_head * g_.group());
      loaded_ = call_.resume(room_.chunk, first, kv_head);
      for (index h = heads.first; h < heads.last; ++h) {
        const scope s = g_.of(range_.sequence, kv_head * g_.group() + h);
        learned_gradients<Scalar> learned{bias_of(s)};
        if (slopes.given()) learned.slope = &slopes(0, i * g_.group() + h);
        begin_distances(learned);
        rules_.bind(s, [&](const tile_gradients<Scalar>& rules) {
          go_through(s, kv_head, rules, learned);
        });
        give_distances(s);
      }
      if (!call_.put_by(room_.chunk, first, kv_head, loaded_)) give_keys(first, kv_head);
    }
  }

 private:
  static constexpr index per_step = queries_per_step<Scalar>;

  struct room {
    key_chunk<Scalar> chunk;
    query_step<Scalar> step;
    backward_tile<Scalar> tile;
    double* by_distance;  // a row of d_distance_bias: the part of it that is the task's

    template <class Memory>
    static room in(Memory& memory, const Call& call, index most_keys) {
      const problem& g = call.sizes;
      return {key_chunk<Scalar>::in(memory, most_keys, g.width, g.value_width),
              query_step<Scalar>::in(memory, g.width, g.value_width),
              backward_tile<Scalar>::in(memory),
              memory.template take<double>(call.d_distance_bias.cols)};
    }
  };

  // The queries of one head, from the last to the first.
  void go_through(const scope& s, index kv_head, const tile_gradients<Scalar>& rules,
                  const learned_gradients<Scalar>& learned) {
    const index steps = divide_up(range_.queries.size(), per_step);
    for (index n = steps - 1; n >= 0; --n) {
      query_step<Scalar>& q = room_.step;
      q.first_row = range_.queries.first + n * per_step;
      q.row_count = (std::min)(per_step, range_.queries.last - q.first_row);
      const bool any = find_keys(s, rules);
      if (any) {
        if (!std::exchange(loaded_, true)) {
          room_.chunk.load(call_, s, kv_head);
          room_.chunk.clear();
        }
        q.load(call_, s);
        for (index first = range_.keys.first; first < range_.keys.last; first += keys_per_tile)
          room_.tile.run(q, room_.chunk,
                         {first, (std::min)(first + keys_per_tile, range_.keys.last)}, s, rules,
                         call_.drop, learned);
      }
      give_queries(s, any);
    }
  }

  // Computes which keys of the chunk each block may see at most; returns whether there are any.
  bool find_keys(const scope& s, const tile_gradients<Scalar>& rules) {
    query_step<Scalar>& q = room_.step;
    interval all{};
    for (index b = 0; b < q.block_count(); ++b) {
      const tile_place place{s, q.first_row + q.first_of(b), q.count_of(b), 0, s.keys};
      q.blocks[b].keys = intersect(rules.rules.keys(place.queries()), range_.keys);
      all = hull(all, q.blocks[b].keys);
    }
    const tile_place place{s, q.first_row, q.row_count, all.first, all.size()};
    return !all.empty() && rules.rules.cover(place) != coverage::none;
  }

  // d_q += scale d_queries, in the order of chunks.
  void give_queries(const scope& s, bool any) {
    const query_step<Scalar>& q = room_.step;
    const index place = plan_.place_of_queries(s, q.first_row);
    if (!turns_.wait(place, range_.chunks_before)) return;
    const bool adds = call_.adds || range_.chunks_before > 0;
    if (!any && !adds) q.d_query.clear(q.row_count);
    if (any || !adds)
      give_rows(call_.query_rows(call_.d_q, s, q.first_row, q.row_count),
                view<const Scalar>(q.d_query.rows(0, q.row_count)), scale(), adds, q.queries.data);
    turns_.end(place);
  }

  // d_k += scale d_keys, d_v += d_values, in the order of ranges of queries.
  void give_keys(const scope& s, index kv_head) {
    const index place = plan_.place_of_keys(s, kv_head, range_.chunk);
    if (!turns_.wait(place, range_.parts_before)) return;
    const bool adds = call_.adds || range_.parts_before > 0;
    const key_chunk<Scalar>& chunk = room_.chunk;
    if (!loaded_ && !adds) chunk.clear();
    if (loaded_ || !adds) {
      const index row = s.key_row + range_.keys.first, count = range_.keys.size();
      give_rows(call_.d_k.block(row, kv_head * g_.width, count, g_.width),
                view<const Scalar>(chunk.d_keys.rows(0, count)), scale(), adds, chunk.keys.data);
      give_rows(call_.d_v.block(row, kv_head * g_.value_width, count, g_.value_width),
                view<const Scalar>(chunk.d_values.rows(0, count)), Scalar(1), adds,
                chunk.values.data);
    }
    turns_.end(place);
  }

  void begin_distances(learned_gradients<Scalar>& learned) const {
    const index distances = call_.d_distance_bias.cols;
    if (distances == 0) return;
    std::fill_n(room_.by_distance, distances, 0.0);
    learned.at_zero = room_.by_distance + distances / 2;
    learned.reach = static_cast<position>(distances / 2);
  }

  // d_distance_bias += by_distance, in the order of tasks.
  void give_distances(const scope& s) const {
    if (!call_.d_distance_bias.given()) return;
    const index place = plan_.place_of_head(s.head);
    if (!turns_.wait(place, range_.tasks_before)) return;
    for (index d = 0; d < call_.d_distance_bias.cols; ++d)
      call_.d_distance_bias(s.head, d) += room_.by_distance[d];
    turns_.end(place);
  }

  Scalar scale() const { return narrowed<Scalar>(call_.scale()); }

  view<Scalar> bias_of(const scope& s) const {
    if (!call_.d_bias.given()) return {};
    const index rows = call_.q.rows, first = call_.d_bias.rows == rows ? 0 : s.head * rows;
    return call_.d_bias.block(first + s.query_row, 0, s.queries, s.keys);
  }

  const Call& call_;
  const problem& g_;
  const gradient_rules<Scalar>& rules_;
  const plan_type& plan_;
  const turns& turns_;
  backward_task_range range_;
  scratch::frame frame_;
  room room_;
  bool loaded_ = false;  // whether the keys of the chunk have been packed
};

// Everything that is 0 unless something is added to it, where gradients are overwritten.
template <class Call>
void clear_gradients(const Call& call) {
  const problem& g = call.sizes;
  for (index i = 0; call.d_bias.given() && i < call.d_bias.rows; ++i)
    for (index j = 0; j < call.d_bias.cols; ++j) call.d_bias(i, j) = 0;
  // Rows of room behind the keys of a sequence.
  for (index sequence = 0; g.key_lengths.given() && sequence < g.sequences; ++sequence)
    for (index key = g.key_starts[sequence] + g.keys_of(sequence); key < g.key_starts[sequence + 1];
         ++key) {
      for (index f = 0; f < call.d_k.cols; ++f) call.d_k(key, f) = 0;
      for (index f = 0; f < call.d_v.cols; ++f) call.d_v(key, f) = 0;
    }
  for (index h = 0; h < g.query_heads; ++h) {
    if (call.d_sink.given()) call.d_sink.set(h, 0);
    if (call.d_slopes.given()) call.d_slopes.set(h, 0);
  }
}

// forward: sum = Σ exp(score_j) + exp(sink), so that d_sink = -Σ over rows of exp(sink - log-sum-exp)
// delta. Goes on from `sum` with some rows of a head.
template <class Call>
HEED_ONE_COPY double sink_gradient_of(const Call& call, index h, interval rows, double sum) {
  const index width = call.sizes.value_width;
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  for (index i = rows.first; i < rows.last; ++i) {
    const auto lse = static_cast<double>(call.lse(i, h));
    if (exactly_equal(lse, nothing)) continue;
    double delta = 0;
    for (index f = h * width; f < (h + 1) * width; ++f)
      delta += static_cast<double>(call.d_out(i, f)) * static_cast<double>(call.results(i, f));
    sum -= std::exp(call.options.sink[h] - lse) * delta;
  }
  return sum;
}

// Runs all tasks of a call, which share what they read, and take turns in adding to the gradients.
template <class Call>
HEED_ONE_COPY void backward(const Call& call, const gradient_rules<typename Call::Scalar>& rules,
                            scratch& memory) {
  using task_type = backward_task<Call>;
  using plan_type = typename task_type::plan_type;
  const problem& g = call.sizes;
  if (!call.adds) clear_gradients(call);
  const plan_type plan(g, call.sums_bias_over_heads());
  const executor on = call.worth_threads() ? call.options.on : executor{};
  const index workers = (std::max)(index(1), (std::min)(on.workers, plan.tasks()));
  const index places = workers > 1 ? plan.turn_places() : 0;
  const index slopes = call.d_slopes.given() ? plan.tasks() * plan.heads_per_task() : 0;
  const auto shared = [&](auto& room) {
    struct {
      typename plan_type::cursor* cursors;
      turns::counter* turns_ended;
      double* slopes;
    } all{room.template take<typename plan_type::cursor>(workers + 1),
          room.template take<turns::counter>(places), room.template take<double>(slopes)};
    return all;
  };
  measuring_memory measured;
  shared(measured);
  memory.prepare_workers(workers, task_type::footprint(call, plan) + measured.bytes());
  scratch::frame frame(memory);
  const auto room = shared(frame);
  std::fill_n(room.cursors, workers + 1, typename plan_type::cursor{0, 0});
  std::fill_n(room.slopes, slopes, 0.0);
  const turns order = places > 0 ? turns(room.turns_ended, places) : turns();
  const auto slopes_of = [&](index task) {
    const index heads = plan.heads_per_task();
    return slopes > 0 ? view<double>{room.slopes + task * heads, 1, heads, heads, 1}
                      : view<double>();
  };
  run_tasks(on, plan.tasks(), [&](index worker, index task) {
    const turn_keeper keeper(order);
    task_type(call, rules, plan, order, plan.range(room.cursors[worker], task),
              memory.worker(worker))
        .run(slopes_of(task));
  });
  for (index task = 0; slopes > 0 && task < plan.tasks(); ++task) {
    const index first = plan.range(room.cursors[workers], task).kv_head * g.group();
    for (index h = 0; h < plan.heads_per_task(); ++h)
      call.d_slopes.add(first + h, slopes_of(task)(0, h));
  }
  for (index h = 0; call.d_sink.given() && h < g.query_heads; ++h)
    call.d_sink.add(h, sink_gradient_of(call, h, {0, g.queries}, 0));
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
