// SPDX-License-Identifier: MIT
// Probabilities per key (H2O's accumulated scores): the probability that each key received, summed
// over the queries, recomputed from the log-sum-exp of every row:
//
//   scores = queries · keys; score rules, masks;   weights(key) = Σ exp(score - log-sum-exp)
//
// A task is a tile of keys and a head; queries are taken in order, so that no sum depends on threads.
#pragma once

#include <heed/kernel/forward.hpp>  // forward, attention_call, rules_of_call, decode_scores, run_tasks

#include <algorithm>  // max, min
#include <cmath>      // isnan

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call>
class key_weight_task {
 public:
  using Scalar = typename Call::Scalar;

  key_weight_task(const Call& call, const rules_of_call<Scalar>& rules, scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        frame_(memory),
        room_(room::in(frame_, g_.width)) {}

  // The bytes of scratch that a task takes.
  static index footprint(const problem& g) {
    measuring_memory memory;
    room::in(memory, g.width);
    return memory.bytes();
  }

  void sum(const scope& s, index first_key) const {
    const index count = (std::min)(keys_per_tile, s.keys - first_key);
    const auto keys = call_.keys_of(s.head / g_.group(), s.key_row + first_key, count);
    Scalar total[keys_per_tile] = {};
    rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
      for (index row = 0; row < s.queries; row += most_rows) {
        const tile_place place{s, row, (std::min)(most_rows, s.queries - row), first_key, count};
        if (rules.cover(place) != coverage::none) sum(place, rules, keys, total);
      }
    });
    for (index j = 0; j < count; ++j)
      (*call_.options.key_weights)(s.key_row + first_key + j, s.head) = total[j];
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;

  struct room {
    Scalar* queries;     // (rows, width)
    Scalar* scores;      // (rows, keys)
    Scalar* as_lanes;    // (keys, lanes)
    Scalar* transposed;  // (width, keys)

    template <class Memory>
    static room in(Memory& memory, index width) {
      return {memory.template take<Scalar>(most_rows * width),
              memory.template take<Scalar>(most_rows * keys_per_tile),
              memory.template take<Scalar>(keys_per_tile * lanes),
              memory.template take<Scalar>(decode_scores<Scalar>::room_for(width))};
    }
  };

  // The queries of a place; sums of a few of them are formed apart.
  template <class Rows>
  void sum(const tile_place& place, const tile_rules<Scalar>& rules, const Rows& keys,
           Scalar* total) const {
    const decode_scores<Scalar> scores{room_.scores, place.row_count};
    call_.load_rows(room_.queries, place.where, place.first_row, place.row_count);
    if (elements_of(call_.k).in_tiles()) {
      scores.multiply_tile(room_.queries, keys);
    } else {
      const index run = scores.keys_per_run(place.row_count, lie_by_rows(keys));
      for (index first = 0; first < keys.rows; first += run)
        scores.multiply(first, room_.queries,
                        keys.block(first, 0, (std::min)(run, keys.rows - first), g_.width),
                        room_.transposed);
    }
    apply_rules(scores, place, rules);
    scores.fill_up(keys.rows);

    Scalar sums[keys_per_tile] = {};
    for (index i = 0; i < place.row_count; ++i)
      add(scores, i, keys.rows,
          (*call_.options.log_sum_exp)(place.where.query_row + place.first_row + i,
                                       place.where.head),
          sums);
    for (index j = 0; j < keys.rows; ++j) total[j] += sums[j];
  }

  // sums += exp(score - log_sum_exp) of one row. Scores are clamped to the log-sum-exp, which
  // rounding may put slightly below them. If the log-sum-exp is NaN, the row adds NaN to the keys
  // that it sees, and nothing to the others.
  void add(const decode_scores<Scalar>& scores, index i, index keys, Scalar log_sum_exp,
           Scalar* sums) const {
    using s = simd<Scalar>;
    Scalar* const row = scores.row(i);
    if (exactly_equal(log_sum_exp, scores.minus_infinity)) return;  // the row sees no key
    if (std::isnan(log_sum_exp)) {
      for (index j = 0; j < keys; ++j)
        if (!exactly_equal(row[j], scores.minus_infinity)) sums[j] += log_sum_exp;
      return;
    }
    const Scalar of_row = call_.in_base_4(static_cast<double>(log_sum_exp));
    const auto all = running_max<Scalar>::of_one(of_row);
    const auto most = s::broadcast(of_row);
    for (index j = 0; j < keys; j += s::size) {
      const auto score = s::load(row + j);
      s::store(row + j, s::where_less(most, score, most, score));
    }
    Scalar max[static_cast<std::size_t>(s::size)];
    s::store(max, all.max);
    scores.exponentials(max[0], row, keys);
    const auto one_over = s::divide(s::broadcast(Scalar(1)), all.sum);
    for (index j = 0; j < keys; j += s::size)
      s::store(sums + j, s::multiply_add(s::load(row + j), one_over, s::load(sums + j)));
  }

  // Applies score rules and masks, one block of queries at a time.
  void apply_rules(const decode_scores<Scalar>& scores, const tile_place& all,
                   const tile_rules<Scalar>& rules) const {
    for (index row = 0; row < all.row_count; row += lanes) {
      tile_place place = all;
      place.first_row += row;
      place.row_count = (std::min)(lanes, all.row_count - row);
      const coverage seen = rules.cover(place);
      if (call_.has_score_rules || seen != coverage::all)
        scores.block(row, place.row_count).change(place, room_.as_lanes, [&](Scalar* s) {
          rules.apply(s, place, seen);
        });
    }
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  scratch::frame frame_;
  room room_;
};

// Writes options.key_weights of a call whose options.log_sum_exp has been written.
template <class Call>
void sum_key_weights(const Call& call, const rules_of_call<typename Call::Scalar>& rules,
                     scratch& memory) {
  using Scalar = typename Call::Scalar;
  using work = key_weight_task<Call>;
  const problem& g = call.sizes;
  const view<Scalar> into = *call.options.key_weights;
  for (index key = 0; key < into.rows; ++key)
    for (index head = 0; head < into.cols; ++head) into(key, head) = 0;
  const index tiles = divide_up(g.longest_keys, keys_per_tile);
  const index tasks = g.sequences * g.query_heads * tiles;
  const executor on = call.worth_threads() ? call.options.on : executor{};
  const index workers = (std::max)(index(1), (std::min)(on.workers, tasks));
  memory.prepare_workers(workers, work::footprint(g));
  run_tasks(on, tasks, [&](index worker, index task) {
    const index tile = task % tiles, head = task / tiles % g.query_heads;
    const scope s = g.of(task / tiles / g.query_heads, head);
    if (s.queries > 0 && tile * keys_per_tile < s.keys)
      work(call, rules, memory.worker(worker)).sum(s, tile * keys_per_tile);
  });
}

// A whole call with key_weights.
template <class Call>
void forward_and_key_weights(Call call, const rules_of_call<typename Call::Scalar>& rules,
                             scratch& memory) {
  using Scalar = typename Call::Scalar;
  scratch::frame frame(memory);
  const problem& g = call.sizes;
  if (!call.options.log_sum_exp)
    call.options.log_sum_exp = view<Scalar>{frame.take<Scalar>(g.queries * g.query_heads),
                                            g.queries, g.query_heads, g.query_heads, 1};
  forward(call, rules, memory);
  sum_key_weights(call, rules, memory);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
