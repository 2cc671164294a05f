// SPDX-License-Identifier: MIT
// Decoding by one worker: attention of a few queries over a part of the keys and heads of a
// sequence, a tile of keys at a time.
#pragma once

#include <heed/core/measuring_memory.hpp>       // measuring_memory
#include <heed/kernel/attention_call.hpp>       // attention_call
#include <heed/kernel/decode/decode_state.hpp>  // decode_state, decode_part
#include <heed/kernel/decode/kv_stream.hpp>     // kv_stream, fetch_ahead
#include <heed/kernel/prefill/attend_tile.hpp>  // tile_rules, tile_place, drop

#include <algorithm>  // fill, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call>
class decode_task {
 public:
  using Scalar = typename Call::Scalar;
  using state = decode_state<Scalar>;
  using part = decode_part<state>;

  decode_task(const Call& call, const rules_of_call<Scalar>& rules, scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        runs_(call),
        frame_(memory),
        room_(room::in(frame_, g_)) {
    if (g_.value_width % decode_output<Scalar>::panel != 0)
      std::fill(room_.edge, room_.edge + room_for_edge, Scalar(0));  // for lanes beyond the width
  }

  // The bytes of scratch that a worker takes.
  static index footprint(const problem& g) {
    measuring_memory memory;
    room::in(memory, g);
    return memory.bytes();
  }

  void attend(part& p) {
    const scope s = g_.of(p.sequence, 0);
    p.state.prepare(p.heads.size(), s.queries * g_.group());
    p.state.sums.rescale = room_.rescale;
    for_each_head(p, [&](index kv) { load(p, kv); });
    const decode_scores<Scalar> scores = scores_of(p);
    std::fill(scores.row(scores.count), scores.row(whole_packets<Scalar>(scores.count)), Scalar(0));
    for (index first = p.keys.first; s.queries > 0 && first < p.keys.last;) {
      const index end = (std::min)((first / keys_per_tile + 1) * keys_per_tile, p.keys.last);
      attend(p, s, {first, end});
      first = end;
    }
  }

 private:
  using head_rows = typename Call::head_rows;

  // What a key/value head does with a tile of values: nothing, if no query sees the tile; the
  // product with the weights; or a sum pair by pair, if excluded values are not finite.
  enum class todo : char { nothing, product, pairs };

  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr index room_for_edge = keys_per_tile * decode_output<Scalar>::panel;

  struct room {
    Scalar* queries;     // of all heads (rows, width)
    Scalar* scores;      // of all heads (lanes, keys)
    Scalar* rescale;     // of all heads (lanes)
    Scalar* tile_rows;   // of all heads (rows, value width)
    coverage* covered;   // how much of the tile each query head sees
    todo* of_kv_head;    // of each key/value head
    Scalar* as_lanes;    // (keys, lanes), scores of a query head
    Scalar* transposed;  // (width, keys)
    Scalar* edge;        // (keys, lanes)
    bool* excluded;      // of all heads (rows, keys): which scores are -infinity

    template <class Memory>
    static room in(Memory& memory, const problem& g) {
      const index rows = g.longest_queries * g.query_heads;  // the most rows of all heads together
      const index row_lanes = whole_packets<Scalar>(rows);
      const auto take = [&](index count) { return memory.template take<Scalar>(count); };
      return {take(rows * g.width),
              take(row_lanes * keys_per_tile),
              take(row_lanes),
              take(rows * decode_output<Scalar>::pitch_of(g.value_width)),
              memory.template take<coverage>(g.query_heads),
              memory.template take<todo>(g.kv_heads),
              take(keys_per_tile * lanes),
              take(decode_scores<Scalar>::room_for(g.width)),
              take(room_for_edge),
              memory.template take<bool>(rows * keys_per_tile)};
    }
  };

  // Packs the queries of a group, scaled.
  void load(const part& p, index kv_head) const {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = g_.of(p.sequence, kv_head * g_.group() + h);
      call_.load_rows(queries_of(p, kv_head) + h * s.queries * g_.width, s, 0, s.queries);
    }
  }

  // One tile of keys. Rows of k, then of v, are read once and in order, for all heads of the part
  // together, which is the fastest way to read memory. Tiles lie head by head, and are read in this
  // order.
  void attend(part& p, const scope& s, interval keys) {
    bool any = false;
    for_each_head(p, [&](index kv) {
      room_.of_kv_head[kv] = look(p, kv, keys) ? todo::product : todo::nothing;
      any = any || room_.of_kv_head[kv] != todo::nothing;
    });
    if (!any) return;

    const index row = s.key_row + keys.first, count = keys.size();
    const auto per_run = [&](const auto& all) {
      return decode_scores<Scalar>::keys_per_run(p.state.rows_of_head(), lie_by_rows(all));
    };
    const auto has_product = [&](index kv) { return room_.of_kv_head[kv] == todo::product; };
    if (elements_of(call_.k).in_tiles())
      runs_.for_each_in_tile(call_.k, {row, row + count}, p.heads, has_product,
                             [&](index kv, const head_rows& some, const fetch_ahead& fetch) {
                               scores_of(p, kv).multiply_tile(queries_of(p, kv), some, fetch);
                             });
    else
      runs_.for_each(call_.k, {row, row + count}, per_run(call_.k), p.heads, has_product,
                     [&](index kv, index first, const head_rows& some, const fetch_ahead& fetch) {
                       // keys · queries
                       scores_of(p, kv).multiply(first, queries_of(p, kv), some, room_.transposed,
                                                 fetch);
                     });
    update(p, keys, row);
    runs_.for_each(call_.v, {row, row + count}, per_run(call_.v), p.heads, has_product,
                   [&](index kv, index first, const head_rows& some, const fetch_ahead& fetch) {
                     const decode_output<Scalar> sum = sum_of_tile(p, kv);
                     if (first == 0) sum.clear();
                     // weights · values
                     sum.multiply(scores_of(p, kv), first, some, room_.edge, fetch);
                   });
    for_each_head(p, [&](index kv) {
      if (room_.of_kv_head[kv] == todo::pairs) multiply_pairs(p, kv, keys, row);
      if (room_.of_kv_head[kv] != todo::nothing) add_tile(p, kv);
    });
  }

  template <class Use>
  static void for_each_head(const part& p, const Use& use) {
    for (index kv = p.heads.first; kv < p.heads.last; ++kv) use(kv);
  }

  template <class Use>
  void for_each_query_head(const part& p, const Use& use) const {
    for (index h = p.heads.first * g_.group(); h < p.heads.last * g_.group(); ++h) use(h);
  }

  // The first row of a head in the buffers for all heads of the part.
  static index first_row(const part& p, index kv_head) {
    return (kv_head - p.heads.first) * p.state.rows_of_head();
  }
  Scalar* queries_of(const part& p, index kv_head) const {
    return room_.queries + first_row(p, kv_head) * g_.width;
  }
  decode_scores<Scalar> scores_of(const part& p) const {
    return {room_.scores, p.state.rows.count};
  }
  decode_scores<Scalar> scores_of(const part& p, index kv_head) const {
    return scores_of(p).block(first_row(p, kv_head), p.state.rows_of_head());
  }
  decode_scores<Scalar> scores_of_query_head(const part& p, index head) const {
    const index queries = p.state.rows_of_head() / g_.group();
    return scores_of(p).block((head - p.heads.first * g_.group()) * queries, queries);
  }
  excluded_pairs excluded_of(const part& p, index kv_head) const {
    return {room_.excluded + first_row(p, kv_head) * keys_per_tile, keys_per_tile, 1};
  }

  // Calls use(place, rules) with those of a query head.
  template <class Use>
  void with_rules(const part& p, index head, interval keys, const Use& use) const {
    const scope s = g_.of(p.sequence, head);
    rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
      use(tile_place{s, 0, s.queries, keys.first, keys.size()}, rules);
    });
  }

  // Computes the coverage of a tile for the query heads of a group; returns whether any query sees
  // a key.
  bool look(const part& p, index kv_head, interval keys) const {
    bool any = false;
    for (index head = kv_head * g_.group(); head < (kv_head + 1) * g_.group(); ++head) {
      with_rules(p, head, keys, [&](const tile_place& place, const auto& rules) {
        room_.covered[head] = rules.cover(place);
      });
      any = any || room_.covered[head] != coverage::none;
    }
    return any;
  }

  // Score rules, masks; scores = 4^(scores - max), sum, rescale: for all heads together, since a
  // row's sum is one chain of additions, and several chains hide the latency of each.
  void update(part& p, interval keys, index first_row) const {
    const decode_scores<Scalar> scores = scores_of(p);
    apply_rules(p, keys);
    scores.fill_up(keys.size());
    if (scores.any_excluded(keys.size()))
      for_each_head(p, [&](index kv) { note_excluded(p, kv, keys, first_row); });
    scores.update(p.state.sums, keys.size());
    if (call_.drop.given())
      for_each_query_head(p, [&](index head) {
        if (room_.covered[head] == coverage::none) return;
        change(p, head, keys, [&](Scalar* weights, const tile_place& place, const auto&) {
          call_.drop(weights, place);
        });
      });
    if (call_.damping < 1)
      damp(scores.data, scores.count, keys.size(), scores.pitch, call_.damping);
  }

  // Where a head sees nothing of the tile, all keys are excluded.
  void apply_rules(const part& p, interval keys) const {
    for_each_query_head(p, [&](index head) {
      const coverage seen = room_.covered[head];
      const decode_scores<Scalar> scores = scores_of_query_head(p, head);
      if (seen == coverage::none)
        std::fill(scores.row(0), scores.row(scores.count), scores.minus_infinity);
      else if (call_.has_score_rules || seen != coverage::all)
        change(p, head, keys, [&](Scalar* numbers, const tile_place& place, const auto& rules) {
          rules.apply(numbers, place, seen);
        });
    });
  }

  // Changes the scores of a query head by a function that takes queries as lanes.
  template <class By>
  void change(const part& p, index head, interval keys, const By& by) const {
    with_rules(p, head, keys, [&](const tile_place& place, const auto& rules) {
      scores_of_query_head(p, head).change(place, room_.as_lanes,
                                           [&](Scalar* numbers) { by(numbers, place, rules); });
    });
  }

  // Notes whether a head has excluded values that are not finite, and which pairs are excluded.
  void note_excluded(const part& p, index kv_head, interval keys, index first_row) const {
    const decode_scores<Scalar> scores = scores_of(p, kv_head);
    if (room_.of_kv_head[kv_head] == todo::nothing || !scores.any_excluded(keys.size()) ||
        all_finite(call_.values_of(kv_head, first_row, keys.size())))
      return;
    room_.of_kv_head[kv_head] = todo::pairs;
    excluded_of(p, kv_head).note(scores.data, scores.count, keys_per_tile);
  }

  // weights · values without the excluded pairs
  void multiply_pairs(const part& p, index kv_head, interval keys, index first_row) const {
    sum_of_tile(p, kv_head)
        .multiply_seen(scores_of(p, kv_head), call_.values_of(kv_head, first_row, keys.size()),
                       excluded_of(p, kv_head));
  }

  // The buffer for weights · values of a tile: the first tile of a head uses the chunk's own.
  decode_output<Scalar> sum_of_tile(const part& p, index kv_head) const {
    decode_output<Scalar> sum = p.state.rows_of(kv_head - p.heads.first);
    if (p.state.seen[kv_head - p.heads.first])
      sum.data = room_.tile_rows + first_row(p, kv_head) * sum.pitch();
    return sum;
  }
  // rows = rows rescale + weights · values
  void add_tile(const part& p, index kv_head) const {
    bool& seen = p.state.seen[kv_head - p.heads.first];
    if (seen)
      p.state.rows_of(kv_head - p.heads.first)
          .add(p.state.sums.rescale + first_row(p, kv_head), sum_of_tile(p, kv_head));
    seen = true;
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  kv_stream<Call> runs_;
  scratch::frame frame_;
  room room_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
