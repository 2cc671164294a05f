// SPDX-License-Identifier: MIT
// Layer 2, induction heads: head k finds the earlier places that follow the same k tokens, and copies
// the tokens at these places.
//
// The key of a place is the tokens to its left; the query is the tokens to the left of the next
// place. The product is k if all k tokens are equal, and about k - 1 if one differs. The score of the
// sink is k - 1/2, so the sink takes all the weight of a head that finds nothing.
//
// Olsson et al., "In-context Learning and Induction Heads", 2022.
#pragma once

#include <heed/attention.hpp>     // attention, causal, alibi, heads, scale, sink
#include <heed/layer/linear.hpp>  // linear

#include <array>  // array

namespace complete {

using heed::index;

class induction_heads {
 public:
  static constexpr index count = 8;
  using one_a_head = std::array<double, count>;

  // For texts of up to `tokens` tokens.
  induction_heads(index token_width, index tokens)
      : output({.inputs = count * token_width, .outputs = token_width, .bias = false}),
        token_width_(token_width) {
    output.weight.setZero();
    float say = 1;
    for (index h = 0; h < count; ++h, say *= growth) {
      output.weight.middleRows(h * token_width, token_width).diagonal().setConstant(say);
      sinks[static_cast<std::size_t>(h)] = sharpness * (static_cast<double>(h) + 0.5);
    }
    slopes_.fill(most_recency / static_cast<double>(tokens));
  }

  // The query of head k is the code of a row's own token, from `own` (rows, token width), and those
  // of the k - 1 tokens to its left, from `left` (rows, 8 * token width). W_Q would have only ones
  // and zeros, so columns are copied instead. Returns (rows, 8 * 8 * token width).
  template <class Own, class Left>
  heed::matrix<float> queries(const Own& own, const Left& left) const {
    const index width = count * token_width_;
    heed::matrix<float> q = heed::matrix<float>::Zero(own.rows(), count * width);
    for (index h = 0; h < count; ++h)
      q.middleCols(h * width, (h + 1) * token_width_) << own, left.leftCols(h * token_width_);
    return q;
  }

  // The heads share k, (keys, 8 * token width), and v, (keys, token width). The result is (queries,
  // 8 * token width): a mean of tokens' vectors for each head.
  template <class Q, class K, class V, class Out, class... Modifiers>
  void attend(const Q& q, const K& k, const V& v, Out&& out, const Modifiers&... modifiers) const {
    heed::attention(q, k, v, out, heed::heads{.query = count, .kv = 1}, heed::causal,
                    heed::scale(sharpness), heed::alibi(slopes_), heed::sink(sinks), modifiers...);
  }

  // The sum of the heads, each times 4 to the power of its number: a longer match counts more than
  // all shorter ones together, which decide only between equally long matches.
  heed::linear<float> output;
  static constexpr float growth = 4;

  // The weight of a place where one token differs is below e^-29 times that of the sink, since the
  // product of two tokens' codes is at most 0.128.
  static constexpr double sharpness = 80;
  one_a_head sinks;

  // ALiBi favours the more recent of equally good places: the largest difference of scores over the
  // whole text.
  static constexpr double most_recency = 4;

 private:
  index token_width_;
  one_a_head slopes_;
};

}  // namespace complete
