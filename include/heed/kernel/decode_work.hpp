// SPDX-License-Identifier: MIT
// What one worker does in decoding: a part of the keys and heads of a sequence, a tile of keys at a
// time.
#pragma once

#include <heed/kernel/attend_tile.hpp>     // tile_rules, tile_place, drop
#include <heed/kernel/attention_call.hpp>  // attention_call
#include <heed/kernel/decode_state.hpp>    // decode_state, decode_part

#include <algorithm>  // clamp, fill, max, min

namespace heed {
inline namespace HEED_ABI {

template <class Call, class Unit>
class decode_work {
 public:
  using Scalar = typename Call::Scalar;
  using state = decode_state<Scalar, Unit>;

  decode_work(const Call& call, const call_rules<Scalar>& rules, scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        frame_(memory),
        rows_(g_.longest_queries * g_.group()),
        queries_(frame_.template take<Scalar>(g_.kv_heads * rows_ * g_.width)),
        scores_(frame_.template take<Scalar>(g_.kv_heads * rows_ * keys_per_tile)),
        factors_(frame_.template take<Scalar>(g_.kv_heads * whole_packets<Scalar>(rows_))),
        tile_rows_(frame_.template take<Scalar>(g_.kv_heads * room_for_rows(g_))),
        waits_(frame_.template take<bool>(g_.kv_heads)),
        of_head_(frame_.template take<Scalar>(keys_per_tile * lanes)),
        turned_(frame_.template take<Scalar>(score_rows<Scalar>::room_for(g_.width))),
        edge_(frame_.template take<Scalar>(room_for_edge)),
        excluded_(frame_.template take<bool>(rows_ * keys_per_tile)) {
    std::fill(edge_, edge_ + room_for_edge, Scalar(0));  // beyond the width, for good
  }

  // Bytes that it takes from scratch, roundings included.
  static index footprint(const geometry& g) {
    const index rows = g.longest_queries * g.group();
    const index numbers =
        g.kv_heads *
            (rows * (g.width + keys_per_tile) + whole_packets<Scalar>(rows) + room_for_rows(g)) +
        keys_per_tile * lanes + score_rows<Scalar>::room_for(g.width) + room_for_edge;
    return numbers * static_cast<index>(sizeof(Scalar)) + g.kv_heads + rows * keys_per_tile +
           9 * scratch::granule;
  }

  void attend(decode_part<state>& part) {
    const scope s = g_.of(part.sequence, 0);
    for (index kv = part.heads.first; kv < part.heads.last; ++kv) {
      part.state(kv).prepare(s.queries * g_.group());
      part.state(kv).sums.factor = factors_ + kv * whole_packets<Scalar>(rows_);
      load(s, kv);
    }
    for (index first = part.keys.first; s.queries > 0 && first < part.keys.last;) {
      const index end = std::min((first / keys_per_tile + 1) * keys_per_tile, part.keys.last);
      attend(part, s, {first, end});
      first = end;
    }
  }

 private:
  using head_rows = typename Call::head_rows;

  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr index room_for_edge =
      score_rows<Scalar>::keys_per_run(1) * value_rows<Scalar>::strip;
  static index room_for_rows(const geometry& g) {
    return g.longest_queries * g.group() * value_rows<Scalar>::pitch_of(g.value_width);
  }

  // Brings the queries of a group in, scaled.
  void load(const scope& s, index kv_head) const {
    for (index h = 0; h < g_.group(); ++h)
      call_.template load_rows<Unit>(queries_of(kv_head) + h * s.queries * g_.width,
                                     g_.of(s.sequence, kv_head * g_.group() + h), 0, s.queries);
  }

  // One tile of keys. Rows of k, then of v, are gone through once and in order, for all heads of the
  // part together: so the machine reads memory fastest.
  void attend(decode_part<state>& part, const scope& s, interval keys) {
    const index row = s.key_row + keys.first, count = keys.size();
    const interval heads = part.heads;
    bool any = false;
    for (index kv = heads.first; kv < heads.last; ++kv)
      any = (waits_[kv] = sees(part, kv, keys)) || any;
    if (!any) return;

    const index queries = s.queries * g_.group();
    const index keys_per_run = score_rows<Scalar>::keys_per_run(queries);
    for_each_run(call_.k, row, count, keys_per_run, heads, g_.width,
                 [&](index kv, index first, const head_rows& some, const fetch_ahead& fetch) {
                   // keys · queries
                   scores_of(part, kv).multiply(first, queries_of(kv), some, turned_, fetch);
                 });
    for (index kv = heads.first; kv < heads.last; ++kv)
      if (waits_[kv]) fold(part, kv, keys, row);
    for_each_run(call_.v, row, count, keys_per_run, heads, g_.value_width,
                 [&](index kv, index first, const head_rows& some, const fetch_ahead& fetch) {
                   const value_rows<Scalar> sum = sum_of_tile(part.state(kv), kv);
                   if (first == 0) sum.clear();
                   sum.multiply(scores_of(part, kv), first, some, edge_,
                                fetch);  // weights · values
                 });
    for (index kv = heads.first; kv < heads.last; ++kv)
      if (waits_[kv]) add_tile(part.state(kv), kv);
  }

  Scalar* queries_of(index kv_head) const { return queries_ + kv_head * rows_ * g_.width; }
  score_rows<Scalar> scores_of(const decode_part<state>& part, index kv_head) const {
    return {scores_ + kv_head * rows_ * keys_per_tile, part.state(kv_head).rows.count};
  }

  // Calls use(place, rules, first row) for each query head of a group.
  template <class Use>
  void for_each_head(const decode_part<state>& part, index kv_head, interval keys,
                     const Use& use) const {
    for (index h = 0; h < g_.group(); ++h) {
      const scope s = g_.of(part.sequence, kv_head * g_.group() + h);
      rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
        use(tile_place{s, 0, s.queries, keys.first, keys.size()}, rules, h * s.queries);
      });
    }
  }

  bool sees(const decode_part<state>& part, index kv_head, interval keys) const {
    coverage any = coverage::none;
    for_each_head(part, kv_head, keys, [&](const tile_place& place, const auto& rules, index) {
      any = either(any, rules.cover(place));
    });
    return any != coverage::none;
  }

  // Calls use(kv head, first row, rows, what to fetch) for a few rows of k or v at a time and all
  // heads that wait for them. What is fetched meanwhile are rows that are wanted a little later:
  // memory takes its time to answer, and is asked all the time. Small numbers are soon worked through,
  // and must be there before their run begins.
  template <class Rows, class Use>
  void for_each_run(const Rows& all, index first_row, index rows, index keys_per_run,
                    interval heads, index width, const Use& use) const {
    const auto numbers = numbers_of(all);
    constexpr bool small = sizeof(*numbers.data) < sizeof(Scalar);
    constexpr index least = 24;
    const index ahead = small ? std::max(least, keys_per_run) : least;
    for (index first = 0; first < rows; first += keys_per_run) {
      const index count = std::min(keys_per_run, rows - first), row = first_row + first;
      const index later = std::clamp(numbers.rows - row - ahead, index(0), count);
      const auto wanted =
          numbers.block(row + ahead, heads.first * width, later, heads.size() * width);
      for (index kv = heads.first; kv < heads.last; ++kv)
        if (waits_[kv])
          use(kv, first, all.block(row, kv * width, count, width),
              fetch_ahead(wanted, kv - heads.first, heads.size()));
    }
  }

  // Score rules, masks; scores = 2^(scores - origin), sum, factor. Weights and values are multiplied
  // here where an excluded value is not finite, for each pair on its own.
  void fold(decode_part<state>& part, index kv_head, interval keys, index first_row) {
    state& group = part.state(kv_head);
    const score_rows<Scalar> scores = scores_of(part, kv_head);
    for_each_head(part, kv_head, keys, [&](const tile_place& place, const auto& rules, index row) {
      const coverage seen = rules.cover(place);
      if (rules_.has_scores || seen != coverage::all)
        scores.change(row, place, of_head_, [&](Scalar* s) { rules.bend(s, place, seen); });
    });
    scores.fill_up(keys.size());
    const head_rows values = call_.values_of(kv_head, first_row, keys.size());
    if (scores.any_excluded(keys.size())) {
      waits_[kv_head] = all_finite(values);
      for (index i = 0; i < scores.count * keys_per_tile; ++i)
        excluded_[i] = scores.data[i] == scores.minus_infinity;
    }
    scores.fold(group.sums, keys.size());
    const dropout drop_rule{call_.options.drop_probability, call_.options.drop_seed};
    if (drop_rule.probability > 0)
      for_each_head(part, kv_head, keys, [&](const tile_place& place, const auto&, index row) {
        scores.change(row, place, of_head_, [&](Scalar* w) { drop(w, place, drop_rule); });
      });
    if (waits_[kv_head]) return;
    sum_of_tile(group, kv_head).multiply_seen(scores, values, [&](index key, index row) {
      return excluded_[row * keys_per_tile + key];
    });
    add_tile(group, kv_head);
  }

  // Where weights · values of a tile go: the first tile's are the chunk's.
  value_rows<Scalar> sum_of_tile(const state& group, index kv_head) const {
    value_rows<Scalar> sum = group.rows;
    if (group.seen) sum.data = tile_rows_ + kv_head * room_for_rows(g_);
    return sum;
  }
  // rows = rows factor + weights · values
  void add_tile(state& group, index kv_head) const {
    if (group.seen) group.rows.add(group.sums.factor, sum_of_tile(group, kv_head));
    group.seen = true;
  }

  const Call& call_;
  const geometry& g_;
  const call_rules<Scalar>& rules_;
  scratch::frame frame_;
  index rows_;         // the most queries of a group
  Scalar* queries_;    // of each key/value head (rows, width)
  Scalar* scores_;     // of each key/value head (rows, keys)
  Scalar* factors_;    // of each key/value head (a lane a row)
  Scalar* tile_rows_;  // of each key/value head (queries of the group, value width)
  bool* waits_;        // whether the tile is still to be worked on for a key/value head
  Scalar* of_head_;    // (keys, lanes)
  Scalar* turned_;     // (width, keys of a run)
  Scalar* edge_;       // (keys of a run, lanes)
  bool* excluded_;     // (rows, keys), which scores are -infinity
};

}  // namespace HEED_ABI
}  // namespace heed
