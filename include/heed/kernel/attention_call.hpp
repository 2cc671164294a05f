// SPDX-License-Identifier: MIT
// The input of a kernel: views of the matrices, checked sizes, and settings.
#pragma once

#include <heed/kernel/apply_rules.hpp>  // tile_dropout
#include <heed/kernel/running_max.hpp>  // log4_of_exp
#include <heed/kernel/tile.hpp>         // load_queries, store_lanes
#include <heed/modifiers/problem.hpp>   // problem, settings, view
#include <heed/storage/quantised.hpp>   // quantised

#include <cmath>    // sqrt
#include <utility>  // declval

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One checked call. Queries and results have one scalar; Keys is the type of keys and values: a
// tiled_view<const ...> of the same scalar or another, or quantised.
template <class Query, class Keys>
struct attention_call {
  using Scalar = accumulator_t<Query>;
  // Some rows of a head: a view, or scaled_rows.
  using head_rows = decltype(std::declval<Keys>().block(0, 0, 0, 0));
  static constexpr bool keys_are_summed_as_they_are =
      std::is_same_v<Keys, tiled_view<const Scalar>>;

  view<const Query> q;  // (queries, query heads * width)
  Keys k;               // (keys, kv heads * width)
  Keys v;               // (keys, kv heads * value width)
  view<Query> out;      // (queries, query heads * value width)
  problem sizes;
  settings<Scalar> options;
  bool has_score_rules = false;  // score rules take scores in base e, and leave them in base 4
  tile_dropout<Scalar> drop = {};
  Scalar damping = 1;  // the factor of results and of all sums of weighted values

  double scale() const {
    return options.scale.value_or(1 / std::sqrt(static_cast<double>(sizes.width)));
  }

  // A score converted to base 4 for the softmax, rounded as the scores of this call are.
  Scalar in_base_4(double score) const {
    return has_score_rules ? narrowed<Scalar>(score) * Scalar(log4_of_exp)
                           : narrowed<Scalar>(score * log4_of_exp);
  }

  // The factor of queries: the scale, times log4 e unless there are score rules.
  Scalar query_scale() const {
    return has_score_rules ? narrowed<Scalar>(scale()) : in_base_4(scale());
  }

  // The logit of a query head's sink, in base 4.
  Scalar sink_of(index head) const { return in_base_4(options.sink[head]); }

  // Whether there is enough work for several threads.
  bool worth_threads() const {
    constexpr index least = 1 << 20;  // multiply-adds
    return sizes.queries * sizes.keys * sizes.query_heads * (sizes.width + sizes.value_width) >=
           least;
  }

  // Whether the first key of each sequence begins a tile, where keys lie in tiles.
  bool keys_begin_tiles() const {
    const auto numbers = elements_of(k);
    bool all = true;
    for (index i = 0; numbers.in_tiles() && i < sizes.sequences; ++i)
      all = all && (numbers.first + sizes.of(i, 0).key_row) % keys_per_tile == 0;
    return all;
  }

  // The keys of a head from row `first` of k on, and the values.
  head_rows keys_of(index kv_head, index first, index count) const {
    return k.block(first, kv_head * sizes.width, count, sizes.width);
  }
  head_rows values_of(index kv_head, index first, index count) const {
    return v.block(first, kv_head * sizes.value_width, count, sizes.value_width);
  }

  // The queries of a block, and where its results go.
  template <class Block>
  view<const Query> queries_of(const Block& b, const scope& s) const {
    return q.block(s.query_row + b.first_row, s.head * sizes.width, b.row_count, sizes.width);
  }
  template <class Block>
  view<Query> results_of(const Block& b, const scope& s) const {
    return out.block(s.query_row + b.first_row, s.head * sizes.value_width, b.row_count,
                     sizes.value_width);
  }

  // The keys of a sequence that this process has.
  interval keys_at_hand(const scope& s) const { return {0, s.keys}; }

  // Packs the queries of a block, scaled.
  template <class Block>
  void load(const Block& b, const scope& s) const {
    load_queries(b.queries, queries_of(b, s), query_scale());
  }

  // Packs some queries of a head by rows, scaled: (count, width) without gaps.
  void load_rows(Scalar* rows, const scope& s, index first, index count) const {
    copy(view<Scalar>{rows, count, sizes.width, sizes.width, 1},
         q.block(s.query_row + first, s.head * sizes.width, count, sizes.width), query_scale());
  }

  // rows / sum; where nothing was seen, 0 and -infinity.
  template <class Block>
  void finish(Block& b, const scope& s) const {
    b.finish();
    store_lanes(results_of(b, s), b.gathered().acc);
    if (options.log_sum_exp)
      for (index i = 0; i < b.row_count; ++i)
        (*options.log_sum_exp)(s.query_row + b.first_row + i, s.head) = b.gathered().log_sum_exp(i);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
