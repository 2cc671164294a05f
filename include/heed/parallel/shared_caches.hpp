// SPDX-License-Identifier: MIT
// Two ways to share what a decoder remembers among processes: by keys, and by heads.
//
//   keys    rank 0: tokens 0 ... 511, 1024 ... 1535    rank 1: tokens 512 ... 1023, ...    of all heads
//   heads   rank 0: heads 0 and 1                      rank 1: heads 2 and 3               of all tokens
//
// Shared by keys, a context is as long as all memory allows. Shared by heads, a rank has the projections
// and the cache of its heads alone, and its share of the columns of the output projection and of the
// feed-forward layer; what each gives is gathered in the order of the columns.
#pragma once

#include <heed/model/transformer_block.hpp>    // transformer_block, attention_layer, kv_cache
#include <heed/parallel/attention_across.hpp>  // across_keys
#include <heed/parallel/layers_across.hpp>     // columns_of, linear_across, feed_across

#include <mpi.h>

#include <algorithm>  // max, min
#include <optional>   // optional

namespace heed {
inline namespace HEED_ABI {

// The keys and values of one layer, dealt 512 tokens at a time.
template <class Scalar>
class cache_by_keys {
 public:
  // Room for `capacity` tokens of all ranks together.
  cache_by_keys(const transformer_block<Scalar>& block, MPI_Comm comm, index capacity)
      : how_(comm, split::dealt),
        ranks_(comm),
        own_({rows_before(capacity), block.attention.kv_heads(), block.attention.width(),
              block.attention.value_width()}) {}

  [[nodiscard]] index position() const { return position_; }
  [[nodiscard]] const across_keys& modifier() const { return how_; }
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
  part.query = columns_of(layer.query, {q.first * width, q.last * width});
  part.key = columns_of(layer.key, {kv.first * width, kv.last * width});
  part.value = columns_of(layer.value, {kv.first * values, kv.last * values});
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
  if (layer.rules.sees)  // which counts the heads of the whole layer
    part.rules.sees = [sees = layer.rules.sees, first = static_cast<position>(q.first)](at i) {
      i.head += first;
      return sees(i);
    };
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

// What one rank has of one block: a share of its key/value heads, with their keys and values, and of the
// columns of its other layers; experts are whole on every rank.
template <class Scalar>
class cache_by_heads {
 public:
  // Throws shape_error for a layer whose norm goes over all heads together.
  cache_by_heads(const transformer_block<Scalar>& block, MPI_Comm comm, index capacity)
      : cache_by_heads(block.attention, detail::communicator(comm), capacity) {
    const auto* const plain = std::get_if<feed_forward<Scalar>>(&block.feed);
    if (plain != nullptr && block.has_feed()) feed_.emplace(*plain, detail::communicator(comm));
  }

  [[nodiscard]] index position() const { return position_; }

  // y = what `layer` gives for x, (tokens, model), which all ranks have.
  template <class X, class Y, class... Modifiers>
  void attend(const attention_layer<Scalar>&, const X& x, Y&& y, const Modifiers&... modifiers) {
    matrix<Scalar> own(x.rows(), heads_.own().size()), all(x.rows(), heads_.all());
    if (own.cols() > 0) part_(x, own, rows_, modifiers...);
    position_ += x.rows();
    heads_.gather(own, all);
    output_(all, y, modifiers...);
  }
  // The same of the feed-forward layer.
  template <class X, class Y, class... Modifiers>
  void feed(const feed_forward<Scalar>& layer, const X& x, Y& y,
            const Modifiers&... modifiers) const {
    feed_ ? (*feed_)(x, y, modifiers...) : layer(x, y, modifiers...);
  }

 private:
  cache_by_heads(const attention_layer<Scalar>& layer, const detail::communicator& ranks,
                 index capacity)
      : heads_(ranks, layer.kv_heads(), layer.heads.query / layer.kv_heads() * layer.value_width()),
        part_(detail::heads_of(layer, heads_.own_units())),
        rows_({capacity, (std::max)(index(1), heads_.own_units().size()), layer.width(),
               layer.value_width()}),
        output_(layer.output, ranks) {
    detail::require(!detail::is_over_whole_row(layer.query_norm, layer.width()) &&
                        !detail::is_over_whole_row(layer.key_norm, layer.width()),
                    "heed::cache_by_heads: the norm of queries or keys goes over all heads, which "
                    "no rank has; share the cache by keys");
  }

  detail::shared_columns heads_;  // what the key/value heads give
  attention_layer<Scalar> part_;  // this rank's heads, without `output`
  kv_cache<Scalar> rows_;
  detail::linear_across<Scalar> output_;
  std::optional<detail::feed_across<Scalar>> feed_;
  index position_ = 0;
};

}  // namespace HEED_ABI
}  // namespace heed
