// SPDX-License-Identifier: MIT
// The formula of the gradients, for some queries of a head and one tile of keys:
//
//   forward    scores = rules(scale keys · queries)      backward  d_queries += scale d_scoresᵀ keys
//                                                                  d_keys    += scale d_scores queries
//   forward    p = softmax(scores)                       backward  d_scores = p (d_p - delta) rules'
//   forward    out = pᵀ values                           backward  d_p = values · d_out
//                                                                  d_values += p d_out
//
// Dao et al., "FlashAttention", 2022, algorithm 4; Dao, "FlashAttention-2", 2023, algorithm 2.
#pragma once

#include <heed/kernel/backward/gradient_rules.hpp>  // tile_gradients
#include <heed/kernel/backward/key_chunk.hpp>       // key_chunk
#include <heed/kernel/backward/query_step.hpp>      // query_step

#include <algorithm>  // copy_n, fill_n

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What is asked of a sequence and head beside d_q, d_k and d_v.
template <class Scalar>
struct learned_gradients {
  view<Scalar> d_bias;      // (queries, keys); null unless it is asked for
  double* slope = nullptr;  // the gradient of alibi's slope so far
};

template <class Scalar>
class backward_tile {
 public:
  template <class Memory>
  static backward_tile in(Memory& memory) {
    const auto block = [&] { return memory.template take<Scalar>(keys_per_tile * lanes); };
    const auto step = [&] { return memory.template take<Scalar>(keys_per_tile * pitch); };
    backward_tile all;
    all.scores_ = block(), all.raw_ = block(), all.d_p_ = block(), all.factors_ = block();
    all.p_ = step(), all.d_scores_ = step();
    return all;
  }

  // Adds what the keys of a tile and the queries of a step give each other.
  void run(query_step<Scalar>& q, const key_chunk<Scalar>& chunk, interval tile, const scope& where,
           const tile_gradients<Scalar>& rules, const tile_dropout<Scalar>& drop,
           const learned_gradients<Scalar>& learned) const {
    fixed_array<interval, query_step<Scalar>::most_blocks> seen;
    bool alike = true;
    for (index b = 0; b < q.block_count(); ++b) {
      seen[b] = intersect(q.blocks[b].keys, tile);
      const tile_place place{where, q.first_row + q.first_of(b), q.count_of(b), seen[b].first,
                             seen[b].size()};
      const coverage some = seen[b].empty() ? coverage::none : rules.rules.cover(place);
      if (some == coverage::none) seen[b] = {tile.first, tile.first};
      if (some != coverage::none) {
        const index corner = (place.first_key - tile.first) * pitch + q.first_of(b);
        const bool is_plain = rules.all_derivatives_are_one() && !learned.d_bias.given();
        const key_rows<Scalar> changed =
            is_plain ? key_rows<Scalar>{d_scores_ + corner, pitch} : key_rows<Scalar>{d_p_, lanes};
        weigh(q.blocks[b], chunk, place, rules, some, drop, {p_ + corner, pitch}, changed);
        if (!is_plain) pass_rules(place, rules, learned, corner);
      }
      alike = alike && seen[b].first == seen[0].first && seen[b].last == seen[0].last;
    }
    if (alike) return add_products(q, chunk, tile.first, seen[0], 0, q.row_count);
    for (index b = 0; b < q.block_count(); ++b)
      add_products(q, chunk, tile.first, seen[b], q.first_of(b), q.count_of(b));
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr index pitch = queries_per_step<Scalar>;
  using s = simd<Scalar>;

  // p of one block, and the gradients of the changed scores.
  void weigh(const typename query_step<Scalar>::block& q, const key_chunk<Scalar>& chunk,
             const tile_place& place, const tile_gradients<Scalar>& rules, coverage seen,
             const tile_dropout<Scalar>& drop, const key_rows<Scalar>& p,
             const key_rows<Scalar>& d_changed) const {
    const index keys = place.key_count, packets = packets_of<Scalar>(place.row_count);
    // scores = keys · queries
    macro_kernel(packed_lanes<Scalar>{scores_}, chunk.key_operand(place.first_key),
                 packed_lanes<const Scalar>{q.queries}, keys, packets, chunk.keys.width,
                 from_zero<Scalar>());
    // d_p = values · d_out
    macro_kernel(packed_lanes<Scalar>{d_p_}, chunk.value_operand(place.first_key),
                 packed_lanes<const Scalar>{q.d_out}, keys, packets, chunk.values.width,
                 from_zero<Scalar>());
    if (!rules.all_derivatives_are_one()) std::copy_n(scores_, keys * lanes, raw_);
    rules.rules.apply(scores_, place, seen);  // score rules, masks
    if (drop.given()) {
      std::fill_n(factors_, keys * lanes, Scalar(1));
      drop(factors_, place);
      multiply({d_p_, lanes}, keys, packets);
    }
    // p = 4^(scores - log-sum-exp); d_scores = p (d_p - delta)
    q.softmax.run(scores_, d_p_, p, d_changed, keys, packets);
    if (drop.given()) multiply(p, keys, packets);
  }

  // From the gradients of the changed scores, in d_p_, to those of the scores, whose first is number
  // `corner`, and of what rules have learned.
  void pass_rules(const tile_place& place, const tile_gradients<Scalar>& rules,
                  const learned_gradients<Scalar>& learned, index corner) const {
    const index keys = place.key_count, packets = packets_of<Scalar>(place.row_count);
    if (learned.d_bias.given()) {
      find_factors(rules.by_bias, rules, place);
      for (index i = 0; i < place.row_count; ++i)
        for (index j = 0; j < keys; ++j)
          learned.d_bias(place.first_row + i, place.first_key + j) += gradient(i, j);
    }
    if (learned.slope != nullptr) {
      find_factors(rules.by_slope, rules, place);
      for (index j = 0; j < keys; ++j)
        for (index i = 0; i < place.row_count; ++i)
          *learned.slope += static_cast<double>(gradient(i, j));
    }
    find_factors(rules.by_score, rules, place);
    for (index j = 0; j < keys; ++j)
      for (index l = 0; l < packets * s::size; l += s::size)
        s::store(d_scores_ + corner + j * pitch + l,
                 unless_zero(s::load(d_p_ + j * lanes + l), s::load(factors_ + j * lanes + l)));
  }

  // A derivative of every pair of the tile.
  void find_factors(typename tile_gradients<Scalar>::function* derivative,
                    const tile_gradients<Scalar>& rules, const tile_place& place) const {
    if (derivative == nullptr) {
      std::fill_n(factors_, place.key_count * lanes, Scalar(1));
      return;
    }
    std::copy_n(raw_, place.key_count * lanes, factors_);
    derivative(rules.bound, factors_, place);
  }

  // A gradient times its factor. Of an excluded pair the gradient is 0, whatever the factor is.
  static typename s::packet unless_zero(const typename s::packet& gradient,
                                        const typename s::packet& factor) {
    const auto zero = s::broadcast(Scalar(0)), product = s::multiply(gradient, factor);
    return s::where_less(gradient, zero, product, s::where_less(zero, gradient, product, gradient));
  }
  Scalar gradient(index i, index j) const {
    const Scalar changed = d_p_[j * lanes + i];
    return exactly_equal(changed, Scalar(0)) ? Scalar(0) : changed * factors_[j * lanes + i];
  }

  // Multiplies numbers of the tile by the factors.
  void multiply(const key_rows<Scalar>& numbers, index keys, index packets) const {
    for (index j = 0; j < keys; ++j)
      for (index l = 0; l < packets * s::size; l += s::size) {
        Scalar* const place = numbers.data + j * numbers.pitch + l;
        s::store(place, s::multiply(s::load(place), s::load(factors_ + j * lanes + l)));
      }
  }

  // The products of some queries of the step, from number `first` on, with the keys that they see.
  void add_products(query_step<Scalar>& q, const key_chunk<Scalar>& chunk, index first_of_tile,
                    interval keys, index first, index count) const {
    if (keys.empty()) return;
    const index corner = (keys.first - first_of_tile) * pitch + first;
    const index row = keys.first - chunk.range.first;
    // d_values += p d_out
    add_product(chunk.d_values, row, a_operand<Scalar>{p_ + corner, pitch}, q.d_out, first,
                keys.size(), count, q.d_out_finite);
    // d_keys += d_scores queries
    add_product(chunk.d_keys, row, a_operand<Scalar>{d_scores_ + corner, pitch}, q.queries, first,
                keys.size(), count, q.finite);
    // d_queries += d_scoresᵀ keys
    add_product(q.d_query, first, a_operand<Scalar>{d_scores_ + corner, 1, pitch}, chunk.keys, row,
                count, keys.size(), chunk.finite);
  }

  Scalar* scores_;    // (keys, lanes), and so are the next three
  Scalar* raw_;       // scores before any rule
  Scalar* d_p_;       // then the gradients of the changed scores
  Scalar* factors_;   // of dropout, or derivatives of rules
  Scalar* p_;         // (keys, queries of a step)
  Scalar* d_scores_;  // (keys, queries of a step)
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
