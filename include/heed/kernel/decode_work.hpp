// SPDX-License-Identifier: MIT
// What one worker does in decoding: a part of the keys and heads of a sequence, a tile of keys at a
// time.
#pragma once

#include <heed/core/prefetch.hpp>          // prefetch
#include <heed/kernel/attend_tile.hpp>     // exclusions, bend, drop
#include <heed/kernel/attention_call.hpp>  // attention_call
#include <heed/kernel/decode_state.hpp>    // decode_state, decode_part

#include <algorithm>  // copy_n, fill, max, min

namespace heed {
inline namespace HEED_ABI {

template <class Storage, class Unit>
class decode_work {
 public:
  using Scalar = accumulator_t<Storage>;
  using state = decode_state<Scalar, Unit>;

  decode_work(const attention_call<Storage>& call, const call_rules<Scalar>& rules, scratch& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        frame_(memory),
        queries_(frame_.template take<Scalar>(g_.kv_heads * g_.width * lanes)),
        scores_(frame_.template take<Scalar>(g_.kv_heads * keys_per_tile * lanes)),
        factors_(frame_.template take<Scalar>(g_.kv_heads * lanes)),
        tile_rows_(frame_.template take<Scalar>(g_.kv_heads * room_for_rows(g_))),
        waits_(frame_.template take<bool>(g_.kv_heads)),
        of_head_(frame_.template take<Scalar>(keys_per_tile * lanes)),
        edge_(frame_.template take<Scalar>(keys_per_run * lanes)),
        excluded_(frame_.template take<bool>(keys_per_tile * lanes)),
        room_(converts ? frame_.template take<Scalar>(keys_per_tile * wider(g_)) : nullptr) {
    std::fill(edge_, edge_ + keys_per_run * lanes, Scalar(0));  // beyond the width, for good
  }

  // Bytes that it takes from scratch, roundings included.
  static index footprint(const geometry& g) {
    const index numbers = g.kv_heads * (lanes * (g.width + keys_per_tile + 1) + room_for_rows(g)) +
                          lanes * (keys_per_tile + keys_per_run) +
                          (converts ? keys_per_tile * wider(g) : 0);
    return numbers * static_cast<index>(sizeof(Scalar)) + g.kv_heads + keys_per_tile * lanes +
           9 * scratch::granule;
  }

  void attend(decode_part<state>& part) {
    const scope s = g_.of(part.sequence, 0);
    for (index kv = part.heads.first; kv < part.heads.last; ++kv) {
      part.state(kv).prepare(s.queries * g_.group());
      part.state(kv).sums.factor = factors_ + kv * lanes;
      load(s, kv);
    }
    for (index first = part.keys.first; s.queries > 0 && first < part.keys.last;) {
      const index end = std::min((first / keys_per_tile + 1) * keys_per_tile, part.keys.last);
      attend(part, s, {first, end});
      first = end;
    }
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr bool converts = !std::is_same_v<Storage, Scalar>;
  // Rows of k or v that are worked on for all heads before the next: as many as the product takes at
  // a time.
  static constexpr index keys_per_run = 12;

  static index room_for_rows(const geometry& g) {
    return g.longest_queries * g.group() * value_rows<Scalar>::pitch_of(g.value_width);
  }
  static index wider(const geometry& g) { return std::max(g.width, g.value_width); }

  // Brings the queries of a group in, scaled, and fills its last packet of lanes with the last.
  void load(const scope& s, index kv_head) const {
    const index count = s.queries * g_.group();
    if (count == 0) return;
    Scalar* const to = queries_ + kv_head * g_.width * lanes;
    for (index h = 0; h < g_.group(); ++h) {
      const index head = kv_head * g_.group() + h;
      copy(view<Scalar>{to + h * s.queries, g_.width, s.queries, lanes, 1},
           call_.q.block(s.query_row, head * g_.width, s.queries, g_.width).turned(),
           static_cast<Scalar>(call_.scale() * query_block<Scalar, Unit>::scores_per_natural));
    }
    fill_last_packet(to, g_.width, count);
  }

  // One tile of keys. Rows of k, then of v, are gone through once and in order, for all heads of the
  // part together: so the machine reads memory fastest.
  void attend(decode_part<state>& part, const scope& s, interval keys) {
    const index row = s.key_row + keys.first, count = keys.size();
    const view<const Storage> k = call_.k.block(row, 0, count, call_.k.cols);
    const view<const Storage> v = call_.v.block(row, 0, count, call_.v.cols);
    const interval heads = part.heads;
    bool any = false;
    for (index kv = heads.first; kv < heads.last; ++kv)
      any = (waits_[kv] = sees(part, kv, keys)) || any;
    if (!any) return;

    for_each_run(k, heads, g_.width, [&](index kv, index first, const view<const Scalar>& some) {
      lane_product(lane_side<Scalar>{scores_of(kv) + first * lanes, lanes},  // keys · queries
                   broadcast_side<Scalar, along_rows>{some.data, some.row_stride},
                   packed_lanes<Scalar>{queries_ + kv * g_.width * lanes}, some.rows,
                   part.state(kv).sums.packets, some.cols, from_zero<Scalar>{});
    });
    for (index kv = heads.first; kv < heads.last; ++kv)
      if (waits_[kv]) fold(part, kv, keys, v);
    for_each_run(v, heads, g_.value_width,
                 [&](index kv, index first, const view<const Scalar>& some) {
                   const value_rows<Scalar> sum = sum_of_tile(part.state(kv), kv);
                   if (first == 0) sum.clear();
                   sum.multiply(scores_of(kv) + first * lanes, some, edge_);  // weights · values
                 });
    for (index kv = heads.first; kv < heads.last; ++kv)
      if (waits_[kv]) add_tile(part.state(kv), kv);
  }

  Scalar* scores_of(index kv_head) const { return scores_ + kv_head * keys_per_tile * lanes; }

  // Calls use(place, rules, first lane) for each query head of a group.
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

  // Calls use(kv head, first row, rows) for a few rows of k or v at a time and all heads that wait
  // for them; the rows after are fetched meanwhile.
  template <class Use>
  void for_each_run(const view<const Storage>& rows, interval heads, index width,
                    const Use& use) const {
    for (index first = 0; first < rows.rows; first += keys_per_run) {
      const index count = std::min(keys_per_run, rows.rows - first);
      const index next = std::min(keys_per_run, rows.rows - first - count);
      prefetch(rows.block(first + count, heads.first * width, next, heads.size() * width));
      for (index kv = heads.first; kv < heads.last; ++kv)
        if (waits_[kv]) use(kv, first, numbers(rows.block(first, kv * width, count, width)));
    }
  }

  // Rows as numbers that products can read: where they lie, or converted.
  view<const Scalar> numbers(const view<const Storage>& rows) const {
    if constexpr (converts)
      return stage_keys(room_, rows);
    else
      return rows;
  }

  // Score rules, masks; scores = 2^(scores - origin), sum, factor. Weights and values are multiplied
  // here where an excluded value is not finite, for each pair on its own.
  void fold(decode_part<state>& part, index kv_head, interval keys, const view<const Storage>& v) {
    state& group = part.state(kv_head);
    Scalar* const scores = scores_of(kv_head);
    for_each_head(part, kv_head, keys, [&](const tile_place& place, const auto& rules, index lane) {
      const coverage seen = rules.cover(place);
      if (rules_.has_scores || seen != coverage::all)
        change(scores + lane, place, [&](Scalar* s) { rules.bend(s, place, seen); });
    });
    exclusions<Scalar> excluded(excluded_);
    view<const Scalar> values;
    if (exclusions<Scalar>::any(scores, keys.size(), group.sums.packets)) {
      values = numbers(v.block(0, kv_head * g_.value_width, v.rows, g_.value_width));
      waits_[kv_head] = all_finite(values);
      excluded.note(scores, keys.size(), group.sums.packets);
    }
    group.sums.fold(scores, keys.size());
    const dropout drop_rule{call_.options.drop_probability, call_.options.drop_seed};
    if (drop_rule.probability > 0)
      for_each_head(part, kv_head, keys, [&](const tile_place& place, const auto&, index lane) {
        change(scores + lane, place, [&](Scalar* w) { heed::drop(w, place, drop_rule); });
      });
    if (waits_[kv_head]) return;
    sum_of_tile(group, kv_head).multiply_seen(scores, values, excluded);
    add_tile(group, kv_head);
  }

  // Changes the lanes of one head, on their own as the kernel for many queries has them: a packet is
  // filled up with its last query.
  template <class Change>
  void change(Scalar* of_group, const tile_place& place, const Change& by) const {
    if (g_.group() == 1) return by(of_group);
    for (index j = 0; j < place.key_count; ++j)
      std::copy_n(of_group + j * lanes, place.row_count, of_head_ + j * lanes);
    fill_last_packet(of_head_, place.key_count, place.row_count);
    by(of_head_);
    for (index j = 0; j < place.key_count; ++j)
      std::copy_n(of_head_ + j * lanes, place.row_count, of_group + j * lanes);
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

  const attention_call<Storage>& call_;
  const geometry& g_;
  const call_rules<Scalar>& rules_;
  scratch::frame frame_;
  Scalar* queries_;    // of each key/value head (width, lanes)
  Scalar* scores_;     // of each key/value head (keys, lanes)
  Scalar* factors_;    // of each key/value head (lanes)
  Scalar* tile_rows_;  // of each key/value head (queries of the group, value width)
  bool* waits_;        // whether the tile is still to be worked on for a key/value head
  Scalar* of_head_;    // (keys, lanes)
  Scalar* edge_;       // (keys of a run, lanes)
  bool* excluded_;     // (keys, lanes)
  Scalar* room_;       // (keys, the larger width), where numbers are converted
};

}  // namespace HEED_ABI
}  // namespace heed
