// SPDX-License-Identifier: MIT
// The gradients (backward pass) of attention: d_q, d_k and d_v from d_out, for out =
// heed::attention(q, k, v, ...).
//
//   heed::attention(q, k, v, out, heed::causal, heed::log_sum_exp(lse));
//   heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heed::causal);
//
// Dao et al., "FlashAttention", 2022, appendix B.
#pragma once

#include <heed/kernel/backward/backward.hpp>  // backward
#include <heed/modifiers.hpp>                 // causal, window, soft_cap, heads, ...
#include <heed/modifiers/backward_check.hpp>  // backward_call_is_good, check_backward

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A call whose sizes are still to be checked.
template <class Q, class K, class V, class Matrices, class Scalar>
backward_call<scalar_of<Q>, scalar_of<K>> backward_call_of(const Q& q, const K& k, const V& v,
                                                           const Matrices& m,
                                                           const backward_settings<Scalar>& options,
                                                           bool has_scores) {
  return {{view_of(q), view_of(k), view_of(v), {}, {}, options, has_scores},
          m.out,
          m.lse,
          m.d_out,
          m.d_q,
          m.d_k,
          m.d_v,
          options.adds,
          options.d_bias.value_or(view<Scalar>()),
          options.d_sink,
          options.d_slopes,
          options.d_distance_bias};
}

}  // namespace detail

// Writes the gradients of attention by q, k and v from d_out, the gradient by out.
//
//   q, k, v      as in heed::attention
//   out          (queries, query heads * value width), what heed::attention gave
//   log_sum_exp  (queries, query heads), what heed::log_sum_exp gave, of float or double
//   d_out        as out
//   d_q d_k d_v  as q, k and v, of float or double, apart from each other and from all others in memory
//
// The modifiers are those of the forward call without its outputs, and heed::accumulate,
// heed::gradient_of_bias, heed::gradient_of_sink, heed::gradient_of_slopes. Probabilities are
// recomputed from the log-sum-exp, whose rounding gives them a relative error of |log_sum_exp| *
// epsilon. Rows that see no key have gradients of 0, and excluded pairs contribute nothing, even if
// their keys are NaN. The function of heed::score is called with a heed::dual, unless the function
// comes with its derivative. Sums have the same order, and gradients the same bits, for any number
// of threads. Takes memory for a few tiles a thread, and with several threads for a counter a head
// and 64 rows; a second call with the same shapes allocates nothing. Throws shape_error, before
// anything is written, if sizes do not fit.
template <class Q, class K, class V, class Out, class Lse, class DOut, class DQ, class DK, class DV,
          class... Modifiers>
void attention_backward(const Q& q, const K& k, const V& v, const Out& out, const Lse& log_sum_exp,
                        const DOut& d_out, DQ&& d_q, DK&& d_k, DV&& d_v,
                        const Modifiers&... modifiers) {
  if constexpr (detail::backward_call_is_good<Q, K, V, Out, Lse, DOut, Modifiers...>()) {
    using Scalar = accumulator_t<detail::scalar_of<Q>>;
    if constexpr (detail::gradients_are_good<Scalar, DQ, DK, DV>() &&
                  detail::results_are_good<detail::scalar_of<Q>, Out, DOut, Lse>()) {
      const auto rules = detail::gather_rules(modifiers...);
      const auto options = detail::gather_backward_settings<Scalar>(modifiers...);
      const auto m = detail::views_of(out, log_sum_exp, d_out, d_q, d_k, d_v);
      auto call = detail::backward_call_of(q, k, v, m, options, decltype(rules)::has_scores);
      call.sizes = detail::check_inputs(options.verb, call.q, call.k, call.v, options, rules);
      detail::check_backward(detail::const_view_of(q), detail::const_view_of(k),
                             detail::const_view_of(v), m, options, call.sizes);
      if constexpr (detail::has_dropout<Modifiers...>)
        if (options.drop_probability > 0)
          call.drop = {{options.drop_probability, options.drop_seed}, detail::drop<Scalar>};
      detail::backward(call, detail::gradient_rules<Scalar>::template of<Modifiers...>(rules),
                       options.memory ? *options.memory : detail::default_scratch());
    }
  }
}

}  // namespace HEED_ABI
}  // namespace heed
