// SPDX-License-Identifier: MIT
// The gradients of attention: what d_out is to out = heed::attention(q, k, v, ...), d_q is to q.
//
//   heed::attention(q, k, v, out, heed::causal, heed::log_sum_exp(lse));
//   heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heed::causal);
//
// Dao et al., "FlashAttention", 2022, appendix B.
#pragma once

#include <heed/modifiers/backward_check.hpp>  // backward_call_is_good
#include <heed/reference_backward.hpp>        // attend_backward_as_textbook

namespace heed {
inline namespace HEED_ABI {

// Writes the gradients of attention by q, k and v, given that by out.
//
//   q, k, v      as in heed::attention
//   out          (queries, query heads * value width), what heed::attention gave
//   log_sum_exp  (queries, query heads), what heed::log_sum_exp gave, of float or double
//   d_out        as out
//   d_q d_k d_v  as q, k and v, of float or double, apart from each other and from all others in memory
//
// The modifiers are those of the forward call, but for its outputs; and heed::accumulate,
// heed::gradient_of_bias, heed::gradient_of_sink, heed::gradient_of_slopes.
// Throws shape_error, before anything is written, if sizes do not fit.
template <class Q, class K, class V, class Out, class Lse, class DOut, class DQ, class DK, class DV,
          class... Modifiers>
void attention_backward(const Q& q, const K& k, const V& v, const Out& out, const Lse& log_sum_exp,
                        const DOut& d_out, DQ&& d_q, DK&& d_k, DV&& d_v,
                        const Modifiers&... modifiers) {
  if constexpr (detail::backward_call_is_good<Q, K, V, Out, Lse, DOut, Modifiers...>()) {
    using Scalar = accumulator_t<detail::scalar_of<Q>>;
    if constexpr (detail::gradients_are_good<Scalar, DQ, DK, DV>())
      detail::attend_backward_as_textbook<Scalar>(
          "heed::attention_backward", detail::const_view_of(q), detail::const_view_of(k),
          detail::const_view_of(v), detail::views_of(out, log_sum_exp, d_out, d_q, d_k, d_v),
          modifiers...);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
