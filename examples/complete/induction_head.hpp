// SPDX-License-Identifier: MIT
// Layer 2: finds the earlier place that the same words led up to, and copies the token found there.
//
// Olsson et al., "In-context Learning and Induction Heads", 2022.
#pragma once

#include <heed/attention.hpp>     // attention, causal, alibi, scale, sink, log_sum_exp
#include <heed/layer/linear.hpp>  // linear

#include <array>  // array

namespace complete {

using heed::index;

class induction_head {
 public:
  // The head reads a stream of rows (token | place | token 1 to the left | ... | token `depth` to
  // the left). A key is what was to the left of a place; a query is what will be to the left of the
  // next one: the own token, then all but the last of the left ones. One more word in common
  // outweighs whatever comes behind it, since 1 > 0.4 + 0.4² + ...
  induction_head(index token_width, index place_width, index depth, index tokens)
      : query({.inputs = token_width + place_width + depth * token_width,
               .outputs = depth * token_width,
               .bias = false}),
        token_width_(token_width),
        slopes_{most_recency / static_cast<double>(tokens)} {
    query.weight.setZero();
    float importance = 1;
    for (index slot = 0; slot < depth; ++slot, importance *= fade) {
      const index from = slot == 0 ? 0 : place_width + slot * token_width;
      query.weight.block(from, slot * token_width, token_width, token_width).diagonal().setConstant(
          importance);
    }
  }

  // The weights of keys and values are identities, so both are columns of the stream itself.
  template <class Stream>
  auto keys(const Stream& stream) const {
    return stream.rightCols(query.outputs());
  }
  template <class Stream>
  auto values(const Stream& stream) const {
    return stream.leftCols(token_width_);
  }

  // The last rows of the stream ask; q is (queries, depth * token width). `out` is (queries, token
  // width). Where nothing resembles the query the sink takes the weight.
  template <class Q, class Stream, class Out, class... Modifiers>
  void attend(const Q& q, const Stream& stream, Out&& out, const Modifiers&... modifiers) const {
    const auto k = keys(stream);
    const auto v = values(stream);
    heed::attention(q, k, v, out, heed::causal, heed::scale(sharpness), heed::alibi(slopes_),
                    heed::sink(sinks), modifiers...);
  }

  heed::linear<float> query;

  static constexpr float fade = 0.4f;  // how much less each further token counts

  // One more token in common, even the eighth, adds at least 17: 12000 * 0.4^7 * (1 - 0.128).
  static constexpr double sharpness = 12000;

  // Of equally good places the more recent one is preferred, by no more than this over all the text.
  static constexpr double most_recency = 4;

  // Accidental likeness adds up to at most 0.21; one of the two nearest tokens in common, to 0.24.
  static constexpr std::array<double, 1> sinks{sharpness * 0.225};

 private:
  index token_width_;
  std::array<double, 1> slopes_;
};

}  // namespace complete
