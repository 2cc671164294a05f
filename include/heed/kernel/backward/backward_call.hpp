// SPDX-License-Identifier: MIT
// The input of the backward kernel: the forward's call, and the matrices beside it.
#pragma once

#include <heed/kernel/attention_call.hpp>        // attention_call
#include <heed/kernel/backward/key_chunk.hpp>    // key_chunk
#include <heed/modifiers/options/gradients.hpp>  // backward_settings

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One checked call. `out` of the forward's call is null: results are only read here.
template <class Query, class Key>
struct backward_call : attention_call<Query, tiled_view<const Key>> {
  using Scalar = accumulator_t<Query>;

  view<const Query> results;  // (queries, query heads * value width)
  view<const Scalar> lse;     // (queries, query heads)
  view<const Query> d_out;    // as results
  view<Scalar> d_q;           // as q
  view<Scalar> d_k;           // as k
  view<Scalar> d_v;           // as v
  bool adds;                  // to all gradients; false: gradients are overwritten
  view<Scalar> d_bias;        // null unless the call has gradient_of_bias
  number_output d_sink;
  number_output d_slopes;
  view<double> d_distance_bias;  // (heads, 2 * reach + 1), added to; null unless asked for

  // Rows of a head: of q and d_q, of out and d_out.
  template <class Element>
  view<Element> query_rows(const view<Element>& all, const scope& s, index first,
                           index count) const {
    return all.block(s.query_row + first, s.head * this->sizes.width, count, this->sizes.width);
  }
  template <class Element>
  view<Element> result_rows(const view<Element>& all, const scope& s, index first,
                            index count) const {
    const index width = this->sizes.value_width;
    return all.block(s.query_row + first, s.head * width, count, width);
  }

  // Whether the gradient of the bias is summed over heads.
  bool sums_bias_over_heads() const {
    return d_bias.given() && this->sizes.query_heads > 1 && d_bias.rows == this->q.rows;
  }

  // What a task of a call does: the heads of a group, with the sums of a chunk of keys from 0 on, to be
  // given where they belong. A call of which other processes have a part says otherwise.
  interval heads_of_group() const { return {0, this->sizes.group()}; }
  bool resume(key_chunk<Scalar>&, const scope&, index) const { return false; }
  bool put_by(const key_chunk<Scalar>&, const scope&, index, bool) const { return false; }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
