// SPDX-License-Identifier: MIT
// The backward pass for some queries of a head and one tile of keys:
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

// The gradients that a call requests for a sequence and head beside d_q, d_k and d_v.
template <class Scalar>
struct learned_gradients {
  view<Scalar> d_bias;      // (queries, keys); null unless requested
  double* slope = nullptr;  // the gradient of alibi's slope so far
  // That of the bias of distances so far: the number of distance 0, between those of -reach and reach.
  double* at_zero = nullptr;
  position reach = 0;

  bool none_of_pairs() const { return !d_bias.given() && slope == nullptr && at_zero == nullptr; }
};

template <class Scalar>
class backward_tile {
 public:
  template <class Memory>
  static backward_tile in(Memory& memory) {
    const auto block = [&] { return memory.template take<Scalar>(keys_per_tile * lanes); };
    const auto step = [&] { return memory.template take<Scalar>(keys_per_tile * pitch); };
    backward_tile all;
    all.raw_ = block(), all.factors_ = block();
    all.scores_ = step(), all.d_p_ = step(), all.p_ = step(), all.d_scores_ = step();
    return all;
  }

  // Adds what the keys of a tile and the queries of a step give each other. Blocks next to each other
  // that see the same keys are multiplied together.
  void run(query_step<Scalar>& q, const key_chunk<Scalar>& chunk, interval tile, const scope& where,
           const tile_gradients<Scalar>& rules, const tile_dropout<Scalar>& drop,
           const learned_gradients<Scalar>& learned) const {
    fixed_array<tile_place, most_blocks> places;
    fixed_array<coverage, most_blocks> seen;
    const index blocks = q.block_count();
    for (index b = 0; b < blocks; ++b) {
      const interval keys = intersect(q.blocks[b].keys, tile);
      places[b] = {where, q.first_row + q.first_of(b), q.count_of(b), keys.first, keys.size()};
      seen[b] = keys.empty() ? coverage::none : rules.rules.cover(places[b]);
    }
    for (index first = 0, last = 0; first < blocks; first = last) {
      const tile_place& place = places[first];
      for (last = first + 1;
           last < blocks && (seen[last] == coverage::none) == (seen[first] == coverage::none) &&
           places[last].first_key == place.first_key && places[last].key_count == place.key_count;)
        ++last;
      if (seen[first] == coverage::none) continue;
      const index row = q.first_of(first), count = (std::min)(last * lanes, q.row_count) - row;
      const index corner = (place.first_key - tile.first) * pitch + row;
      // scores = keys · queries; d_p = values · d_out
      multiply(scores_, chunk.key_operand(place.first_key), q.queries_of(first), chunk.keys.width,
               place.key_count, count);
      multiply(d_p_, chunk.value_operand(place.first_key), q.d_out_of(first), chunk.values.width,
               place.key_count, count);
      for (index b = first; b < last; ++b)
        weigh(q.blocks[b].softmax, places[b], seen[b], rules, drop, learned, b - first,
              corner + q.first_of(b) - row);
      add_products(q, chunk, place, corner, row, count);
    }
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr index pitch = queries_per_step<Scalar>;
  static constexpr index most_blocks = query_step<Scalar>::most_blocks;
  static constexpr index of_block = keys_per_tile * lanes;  // numbers of a tile for one block
  using s = simd<Scalar>;

  // to(block, key, lane) = Σ rows(key, f) from(block, f, lane) for `count` queries.
  static void multiply(Scalar* to, const a_operand<Scalar>& rows, const Scalar* from, index width,
                       index keys, index count) {
    const index packets = packets_of<Scalar>(count), panels = packets / packets_per_block;
    block_lanes<Scalar> c{to, of_block};
    block_lanes<const Scalar> b{from, width * lanes};
    if (panels > 0)
      macro_kernel<packets_per_block>(c, rows, b, keys, width, from_zero<Scalar>(), panels);
    if (packets == panels * packets_per_block) return;
    c.data += panels * c.block_stride;
    b.data += panels * b.block_stride;
    macro_kernel<1>(c, rows, b, keys, width, from_zero<Scalar>());
  }

  // p and d_scores of one block, number `n` of those that were multiplied, from its scores and d_p. Its
  // first pair is number `corner` of both.
  void weigh(const softmax_backward<Scalar>& softmax, const tile_place& place, coverage seen,
             const tile_gradients<Scalar>& rules, const tile_dropout<Scalar>& drop,
             const learned_gradients<Scalar>& learned, index n, index corner) const {
    const index keys = place.key_count, packets = packets_of<Scalar>(place.row_count);
    Scalar* const scores = scores_ + n * of_block;
    const key_rows<Scalar> d_p{d_p_ + n * of_block, lanes};
    const key_rows<Scalar> p{p_ + corner, pitch}, d_scores{d_scores_ + corner, pitch};
    const bool is_plain = rules.all_derivatives_are_one() && learned.none_of_pairs();
    if (!rules.all_derivatives_are_one()) std::copy_n(scores, keys * lanes, raw_);
    rules.rules.apply(scores, place, seen);  // score rules, masks
    if (drop.given()) {
      std::fill_n(factors_, keys * lanes, Scalar(1));
      drop(factors_, place);
      multiply_by_factors(d_p, keys, packets);
    }
    // p = 4^(scores - log-sum-exp); d_scores = p (d_p - delta)
    softmax.run(scores, d_p.data, p, is_plain ? d_scores : d_p, keys, packets);
    if (drop.given()) multiply_by_factors(p, keys, packets);
    if (!is_plain) pass_rules(place, rules, learned, d_p.data, d_scores);
  }

  // Turns the gradients of the changed scores, (keys, lanes), into those of the scores, and adds to
  // the gradients of the rules' learned numbers.
  void pass_rules(const tile_place& place, const tile_gradients<Scalar>& rules,
                  const learned_gradients<Scalar>& learned, const Scalar* d_changed,
                  const key_rows<Scalar>& d_scores) const {
    const index keys = place.key_count, packets = packets_of<Scalar>(place.row_count);
    if (learned.d_bias.given()) {
      find_factors(rules.by_bias, rules, place);
      for (index i = 0; i < place.row_count; ++i)
        for (index j = 0; j < keys; ++j)
          learned.d_bias(place.first_row + i, place.first_key + j) += gradient(d_changed, i, j);
    }
    if (learned.slope != nullptr) {
      find_factors(rules.by_slope, rules, place);
      for (index j = 0; j < keys; ++j)
        for (index i = 0; i < place.row_count; ++i)
          *learned.slope += static_cast<double>(gradient(d_changed, i, j));
    }
    if (learned.at_zero != nullptr) {
      find_factors(rules.by_distance_bias, rules, place);
      add_distances(place, learned, d_changed);
    }
    find_factors(rules.by_score, rules, place);
    for (index j = 0; j < keys; ++j)
      for (index l = 0; l < packets * s::size; l += s::size)
        s::store(
            d_scores.data + j * d_scores.pitch + l,
            unless_zero(s::load(d_changed + j * lanes + l), s::load(factors_ + j * lanes + l)));
  }

  // Adds up each diagonal of the tile, where i - j of query i and key j and so the distance is the same, and then
  // those that count as one distance.
  void add_distances(const tile_place& place, const learned_gradients<Scalar>& learned,
                     const Scalar* d_changed) const {
    const index keys = place.key_count;
    double diagonals[static_cast<std::size_t>(keys_per_tile + lanes)] = {};
    for (index j = 0; j < keys; ++j)
      for (index i = 0; i < place.row_count; ++i)
        diagonals[keys - 1 - j + i] += static_cast<double>(gradient(d_changed, i, j));
    at pair = place.where(place.first_row, place.first_key + keys - 1);  // of the first diagonal
    for (index n = 0; n < keys + place.row_count - 1; ++n, ++pair.query)
      learned.at_zero[limited_distance(pair, learned.reach)] += diagonals[n];
  }

  // The factors: a derivative for every pair of the tile.
  void find_factors(typename tile_gradients<Scalar>::function* derivative,
                    const tile_gradients<Scalar>& rules, const tile_place& place) const {
    if (derivative == nullptr) {
      std::fill_n(factors_, place.key_count * lanes, Scalar(1));
      return;
    }
    std::copy_n(raw_, place.key_count * lanes, factors_);
    derivative(rules.bound, factors_, place);
  }

  // A gradient times its factor. The gradient of an excluded pair is 0, whatever its factor is.
  static typename s::packet unless_zero(const typename s::packet& gradient,
                                        const typename s::packet& factor) {
    const auto zero = s::broadcast(Scalar(0)), product = s::multiply(gradient, factor);
    return s::where_less(gradient, zero, product, s::where_less(zero, gradient, product, gradient));
  }
  Scalar gradient(const Scalar* d_changed, index i, index j) const {
    const Scalar changed = d_changed[j * lanes + i];
    return exactly_equal(changed, Scalar(0)) ? Scalar(0) : changed * factors_[j * lanes + i];
  }

  // Multiplies numbers of the tile by the factors.
  void multiply_by_factors(const key_rows<Scalar>& numbers, index keys, index packets) const {
    for (index j = 0; j < keys; ++j)
      for (index l = 0; l < packets * s::size; l += s::size) {
        Scalar* const place = numbers.data + j * numbers.pitch + l;
        s::store(place, s::multiply(s::load(place), s::load(factors_ + j * lanes + l)));
      }
  }

  // The products of some queries of the step, from number `first` on, with the keys that they see.
  void add_products(query_step<Scalar>& q, const key_chunk<Scalar>& chunk, const tile_place& place,
                    index corner, index first, index count) const {
    const index keys = place.key_count, row = place.first_key - chunk.range.first;
    // d_values += p d_out
    add_product(chunk.d_values, row, a_operand<Scalar>{p_ + corner, pitch}, q.d_out, first, keys,
                count, q.d_out_finite);
    // d_keys += d_scores queries
    add_product(chunk.d_keys, row, a_operand<Scalar>{d_scores_ + corner, pitch}, q.queries, first,
                keys, count, q.finite);
    // d_queries += d_scoresᵀ keys
    add_product(q.d_query, first, a_operand<Scalar>{d_scores_ + corner, 1, pitch}, chunk.keys, row,
                count, keys, chunk.finite);
  }

  Scalar* raw_;       // (keys, lanes): scores of a block before any rule
  Scalar* factors_;   // (keys, lanes): of dropout, or derivatives of rules
  Scalar* scores_;    // (blocks, keys, lanes)
  Scalar* d_p_;       // (blocks, keys, lanes), then the gradients of the changed scores
  Scalar* p_;         // (keys, queries of a step)
  Scalar* d_scores_;  // (keys, queries of a step)
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
