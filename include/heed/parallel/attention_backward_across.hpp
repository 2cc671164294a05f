// SPDX-License-Identifier: MIT
// The gradients of attention over rows that several processes hold, to the bit what one process gives.
//
//   heed::attention(q, k, v, out, heed::causal, heed::log_sum_exp(lse), heed::across(comm));
//   heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heed::causal, heed::across(comm));
//
// Queries stay where they are. Keys and values come to them, from the last to the first, and the gradients of
// a block of keys go from rank to rank in the order in which one process sums them (Li et al.,
// "DistFlashAttn", 2023, send them so, in an order that depends on the ranks).
#pragma once

#include <heed/attention_backward.hpp>         // backward
#include <heed/parallel/agreed_call.hpp>       // agree_on
#include <heed/parallel/backward_of_rank.hpp>  // backward_of_rank

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class... Modifiers>
constexpr bool gradients_can_be_shared() {
  constexpr bool keys = (is_across_keys<Modifiers> || ...);
  static_assert(!keys,
                "heed::attention_backward: ranks share it by heed::across, not by "
                "heed::across_keys");
  constexpr bool slopes = (has_slope_gradient<Modifiers> || ...);
  static_assert(!slopes,
                "heed::gradient_of_slopes: it is not given by a call across ranks, since its sum "
                "goes over pairs of queries and keys of all of them");
  constexpr bool distances = (has_distance_gradient<Modifiers> || ...);
  static_assert(!distances,
                "heed: distance_bias_gradient: it is not given by a call across ranks, since its "
                "sum goes over pairs of queries and keys of all of them");
  return !keys && !slopes && !distances;
}

}  // namespace detail

// heed::attention_backward with the modifier heed::across(comm): each rank has its rows of q, k, v, out,
// log_sum_exp and d_out and gets its rows of d_q, d_k and d_v, and of gradient_of_bias; gradient_of_sink gives
// the same on all ranks. Gradients have the bits of one process, whatever the number of ranks and the split.
// Fewest bytes travel where heed::in_order gives each rank a multiple of 2048 rows. Takes memory for the keys,
// values and gradients of this rank a second time and for some blocks; heed::dealt and heed::zigzag, where a
// rank comes back to a block, for those on the way between. Throws as heed::attention does across ranks.
template <class Q, class K, class V, class Out, class Lse, class DOut, class DQ, class DK, class DV,
          class... Modifiers>
requires detail::of_several_ranks<Modifiers...>
void attention_backward(const Q& q, const K& k, const V& v, const Out& out, const Lse& log_sum_exp,
                        const DOut& d_out, DQ&& d_q, DK&& d_k, DV&& d_v,
                        const Modifiers&... modifiers) {
  if constexpr (detail::backward_call_is_good<Q, K, V, Out, Lse, DOut, Modifiers...>() &&
                detail::gradients_can_be_shared<Modifiers...>()) {
    using call_type = detail::backward_call<detail::scalar_of<Q>, detail::scalar_of<K>>;
    using Scalar = typename call_type::Scalar;
    if constexpr (detail::gradients_are_good<Scalar, DQ, DK, DV>() &&
                  detail::results_are_good<detail::scalar_of<Q>, Out, DOut, Lse>()) {
      const across& how = detail::across_of(modifiers...);
      traffic cost;
      const double before = MPI_Wtime();
      const auto rules = detail::gather_rules(modifiers...);
      const auto options = detail::gather_backward_settings<Scalar>(modifiers...);
      const auto m = detail::views_of(out, log_sum_exp, d_out, d_q, d_k, d_v);
      auto call = detail::backward_call_of(q, k, v, m, options, decltype(rules)::has_scores);
      if constexpr (detail::has_dropout<Modifiers...>)
        if (options.drop_probability > 0)
          call.drop = {{options.drop_probability, options.drop_seed}, detail::drop<Scalar>};
      const detail::communicator ranks(how.comm);
      detail::call_facts facts =
          detail::facts_of_call(call.options, detail::rules_in_words(modifiers...));
      facts.gradients =
          (options.adds ? 1 : 0) + (options.d_bias ? 2 : 0) + (options.d_sink.given() ? 4 : 0);
      const detail::rows_of_ranks rows =
          detail::agree_on(ranks, how, call, rules, facts, [&](const detail::problem& own) {
            detail::check_backward(detail::const_view_of(q), detail::const_view_of(k),
                                   detail::const_view_of(v), m, options, own);
          });
      const detail::rules_of_call<Scalar> seen_by(rules);
      detail::backward_of_rank<call_type, detail::scalar_of<K>>(
          ranks, how, call, seen_by,
          detail::gradient_rules<Scalar>::template of<Modifiers...>(rules), rows, cost)
          .run(options.memory ? *options.memory : detail::default_scratch());
      cost.seconds = MPI_Wtime() - before;
      if (how.options.report != nullptr) *how.options.report = cost;
    }
  }
}

}  // namespace HEED_ABI
}  // namespace heed
