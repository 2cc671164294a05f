// SPDX-License-Identifier: MIT
// Two ways to share what a decoder remembers among processes: by keys, and by heads.
//
//   keys    rank 0: tokens 0 ... 511, 1024 ... 1535    rank 1: tokens 512 ... 1023, ...    of all heads
//   heads   rank 0: heads 0 and 1                      rank 1: heads 2 and 3               of all tokens
//
// Shared by keys, a context is as long as all memory allows. Shared by heads, a rank has the projections
// and the cache of its heads alone (Shoeybi et al., "Megatron-LM", 2019); what the heads give is
// gathered once a layer, in the order of the heads, before `output` mixes them.
#pragma once

#include <heed/layer/attention_layer.hpp>      // attention_layer, kv_cache
#include <heed/parallel/attention_across.hpp>  // across_keys

#include <mpi.h>

#include <algorithm>  // max, min
#include <utility>    // move
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// The keys and values of one layer, dealt 512 tokens at a time.
template <class Scalar>
class cache_by_keys {
 public:
  // Room for `capacity` tokens of all ranks together.
  cache_by_keys(const attention_layer<Scalar>& layer, MPI_Comm comm, index capacity)
      : how_(comm, split::dealt),
        ranks_(comm),
        own_({rows_before(capacity), layer.kv_heads(), layer.width(), layer.value_width()}) {}

  [[nodiscard]] index position() const { return position_; }
  [[nodiscard]] const across_keys& asked_by() const { return how_; }
  [[nodiscard]] auto keys() const { return own_.keys(); }
  [[nodiscard]] auto values() const { return own_.values(); }

  // Keeps this rank's share of the tokens that follow. All ranks have all of k and v. Throws
  // std::length_error where there is no room.
  template <class K, class V>
  void append(const K& k, const V& v) {
    for (index row = 0; row < k.rows();) {
      const index at = position_ + row, deal = at / rows_per_deal;
      const index count = (std::min)((deal + 1) * rows_per_deal - at, k.rows() - row);
      if (deal % ranks_.size() == ranks_.rank())
        own_.append(k.middleRows(row, count), v.middleRows(row, count));
      row += count;
    }
    position_ += k.rows();
  }

  // Back to so many tokens.
  void truncate(index tokens) {
    own_.truncate(rows_before(tokens));
    position_ = tokens;
  }

 private:
  // How many of the first `tokens` tokens are this rank's.
  [[nodiscard]] index rows_before(index tokens) const {
    index rows = 0;
    for (const interval& i : rows_of_rank(tokens, ranks_.rank(), ranks_.size(), split::dealt))
      rows += i.size();
    return rows;
  }

  across_keys how_;
  detail::communicator ranks_;
  kv_cache<Scalar> own_;
  index position_ = 0;
};

namespace detail {

// The columns of some heads, as a layer of their own.
template <class Scalar>
linear<Scalar> columns_of(const linear<Scalar>& all, index first, index count) {
  linear<Scalar> some;
  if (all.weight.stored.given())
    some.weight.stored = all.weight.stored.rows_of(first, count);
  else
    some.weight = all.weight.middleCols(first, count);
  if (all.bias.size() > 0) some.bias = all.bias.middleCols(first, count);
  if (all.adapter.given())
    some.adapter = {all.adapter.down, all.adapter.up.middleCols(first, count), all.adapter.scale};
  return some;
}

template <class Numbers>
Numbers some_of(const Numbers& all, index first, index count) {
  return all.empty() ? all : Numbers(all.begin() + first, all.begin() + first + count);
}

// A layer with the key/value heads of one rank, and without `output`.
template <class Scalar>
attention_layer<Scalar> heads_of(const attention_layer<Scalar>& layer, interval kv) {
  const index group = layer.heads.query / layer.kv_heads(), width = layer.width();
  const index values = layer.value_width();
  const interval q{kv.first * group, kv.last * group};
  attention_layer<Scalar> part;
  part.query = columns_of(layer.query, q.first * width, q.size() * width);
  part.key = columns_of(layer.key, kv.first * width, kv.size() * width);
  part.value = columns_of(layer.value, kv.first * values, kv.size() * values);
  part.heads = {q.size(), kv.size()};
  part.query_norm = layer.query_norm;
  part.key_norm = layer.key_norm;
  part.rotary = layer.rotary;
  part.clip = layer.clip;
  part.rules = layer.rules;
  part.rules.alibi = some_of(layer.rules.alibi, q.first, q.size());
  part.rules.sinks = some_of(layer.rules.sinks, q.first, q.size());
  if (layer.rules.distance_bias.size() > 0)
    part.rules.distance_bias = layer.rules.distance_bias.middleRows(q.first, q.size());
  return part;
}

template <class Scalar>
bool is_over_whole_row(const normalisation<Scalar>& norm, index width) {
  return std::visit(
      [&](const auto& n) {
        if constexpr (requires { n.weight; })
          return n.weight.size() != width;
        else
          return false;
      },
      norm);
}

}  // namespace detail

// What one rank has of one layer: a share of its key/value heads, and their keys and values.
template <class Scalar>
class cache_by_heads {
 public:
  // Throws shape_error for a layer whose norm goes over all heads together.
  cache_by_heads(const attention_layer<Scalar>& layer, MPI_Comm comm, index capacity)
      : ranks_(comm), own_(heads_of_rank(layer, ranks_.rank())) {
    detail::require(!detail::is_over_whole_row(layer.query_norm, layer.width()) &&
                        !detail::is_over_whole_row(layer.key_norm, layer.width()),
                    "heed::cache_by_heads: the norm of queries or keys goes over all heads, which "
                    "no rank has; share the cache by keys");
    part_ = detail::heads_of(layer, own_);
    rows_.emplace_back(typename kv_cache<Scalar>::sizes{capacity, (std::max)(index(1), own_.size()),
                                                        layer.width(), layer.value_width()});
  }

  [[nodiscard]] index position() const { return position_; }

  // y = what `layer` gives for x, (tokens, model), which all ranks have.
  template <class X, class Y, class... Modifiers>
  void attend(const attention_layer<Scalar>& layer, const X& x, Y&& y,
              const Modifiers&... modifiers) {
    const index group = layer.heads.query / layer.kv_heads(), width = group * layer.value_width();
    matrix<Scalar> own(x.rows(), own_.size() * width), all(x.rows(), layer.kv_heads() * width);
    if (!own_.empty()) part_(x, own, rows_.front(), modifiers...);
    position_ += x.rows();
    gather(layer, own, width, all);
    layer.output(all, y, modifiers...);
  }

 private:
  static interval share(const attention_layer<Scalar>& layer, index rank, index ranks) {
    const index heads = layer.kv_heads();
    return {heads * rank / ranks, heads * (rank + 1) / ranks};
  }
  interval heads_of_rank(const attention_layer<Scalar>& layer, index rank) const {
    return share(layer, rank, ranks_.size());
  }

  // The heads of all ranks side by side.
  void gather(const attention_layer<Scalar>& layer, const matrix<Scalar>& own, index width,
              matrix<Scalar>& all) const {
    const auto bytes = [&](index heads) {
      return detail::message_size(own.rows() * heads * width * index(sizeof(Scalar)));
    };
    detail::message_plan plan(ranks_.size());
    for (index r = 0; r < ranks_.size(); ++r) plan.add(bytes(heads_of_rank(layer, r).size()));
    std::vector<Scalar> rows(static_cast<std::size_t>(all.size()));
    detail::require_mpi(
        MPI_Allgatherv(own.data(), bytes(own_.size()), MPI_BYTE, rows.data(), plan.counts.data(),
                       plan.places.data(), MPI_BYTE, ranks_.handle()),
        "MPI_Allgatherv");
    for (index r = 0; r < ranks_.size(); ++r) {
      const interval heads = heads_of_rank(layer, r);
      all.middleCols(heads.first * width, heads.size() * width) = Eigen::Map<const matrix<Scalar>>(
          rows.data() + all.rows() * heads.first * width, all.rows(), heads.size() * width);
    }
  }

  detail::communicator ranks_;
  interval own_;  // key/value heads
  attention_layer<Scalar> part_;
  std::vector<kv_cache<Scalar>> rows_;
  index position_ = 0;
};

}  // namespace HEED_ABI
}  // namespace heed
