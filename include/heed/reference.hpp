// SPDX-License-Identifier: MIT
// The reference: textbook attention in double, a row at a time, without a kernel.
//
//   Eigen::MatrixXd exact = heed::reference::attention(q, k, v, heed::causal);
//
// Slow, takes memory for one row of scores; every kernel is tested against it.
#pragma once

#include <heed/modifiers.hpp>             // causal, window, soft_cap, heads, ...
#include <heed/modifiers/call_check.hpp>  // call_is_good
#include <heed/modifiers/problem.hpp>     // problem, check_inputs

#include <cmath>   // copysign, exp, isfinite, isinf, isnan, log, sqrt
#include <limits>  // infinity, max

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// heed::reference::attention after the checks of its types.
template <class Q, class K, class V, class... Modifiers>
Eigen::MatrixXd attend_as_textbook(const Q& q, const K& k, const V& v,
                                   const Modifiers&... modifiers) {
  constexpr const char* verb = "heed::reference::attention";
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto rules = gather_rules(modifiers...);
  const settings<double> options = gather_settings<double>(modifiers...);
  const key_view_t<K> keys = view_of(k);
  const key_view_t<V> values = view_of(v);
  const problem g =
      check_inputs(verb, view<const scalar_of<Q>>(view_of(q)), keys, values, options, rules);
  check_side_outputs(verb, options, g);
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(g.width)));
  const dropout drop{options.drop_probability, options.drop_seed};

  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(g.queries, g.query_heads * g.value_width);
  for (index key = 0; options.key_weights && key < g.keys; ++key)
    for (index head = 0; head < g.query_heads; ++head) (*options.key_weights)(key, head) = 0;
  Eigen::VectorXd p(g.longest_keys);  // scores, then probabilities, of one row
  for (index sequence = 0; sequence < g.sequences; ++sequence)
    for (index head = 0; head < g.query_heads; ++head) {
      const scope s = g.of(sequence, head);
      const auto bound = rules.bind(s);
      const index kv_head = head / g.group();
      for (index row = 0; row < s.queries; ++row) {
        // score_j = scale q · k_j after the score rules; -infinity where a mask excludes key j
        double largest = options.sink.given() ? options.sink[head] : -infinity;
        for (index key = 0; key < s.keys; ++key) {
          double score = 0;
          for (index f = 0; f < g.width; ++f)
            score += static_cast<double>(q(s.query_row + row, head * g.width + f)) *
                     static_cast<double>(keys(s.key_row + key, kv_head * g.width + f));
          score = bound.modify(scale * score, s(row, key));
          p[key] = bound.sees(s(row, key)) ? score : -infinity;
          if (p[key] > largest || std::isnan(p[key])) largest = p[key];
        }

        // p_j = exp(score_j - largest) / sum, sum over the keys seen and the sink
        const auto seen = [&](index key) { return !exactly_equal(p[key], -infinity); };
        double sum = 0;
        if (options.sink.given() && largest > -infinity)
          sum = std::exp(options.sink[head] - largest);
        for (index key = 0; key < s.keys; ++key)
          if (seen(key)) sum += std::exp(p[key] - largest);

        // out = sum of p_j v_j
        for (index key = 0; key < s.keys; ++key) {
          const double weight = seen(key) ? std::exp(p[key] - largest) / sum : 0;
          if (options.weights)
            (*options.weights)(head * g.queries + s.query_row + row, key) = weight;
          if (!seen(key)) continue;
          if (options.key_weights) (*options.key_weights)(s.key_row + key, head) += weight;
          const double raised = drop.keeps(s(row, key)) ? weight / (1 - drop.probability) : 0;
          for (index f = 0; f < g.value_width; ++f)
            out(s.query_row + row, head * g.value_width + f) +=
                raised * static_cast<double>(values(s.key_row + key, kv_head * g.value_width + f));
        }
        // If all its terms are finite, a mean is infinite by rounding alone, and the largest number
        // takes its place.
        for (index f = 0; f < g.value_width && drop.probability <= 0; ++f) {
          double& mean = out(s.query_row + row, head * g.value_width + f);
          bool finite = true;
          for (index key = 0; std::isinf(mean) && key < s.keys; ++key)
            finite = finite && (!seen(key) || std::isfinite(static_cast<double>(values(
                                                  s.key_row + key, kv_head * g.value_width + f))));
          if (std::isinf(mean) && finite)
            mean = std::copysign((std::numeric_limits<double>::max)(), mean);
        }
        if (options.weights)
          for (index key = s.keys; key < g.longest_keys; ++key)
            (*options.weights)(head * g.queries + s.query_row + row, key) = 0;
        if (options.log_sum_exp)
          (*options.log_sum_exp)(s.query_row + row, head) =
              exactly_equal(sum, 0.0) ? -infinity : largest + std::log(sum);
      }
    }
  return out;
}

}  // namespace detail

namespace reference {

// softmax(rules(scale q kᵀ)) v, (queries, query heads * value width), in double. Takes
// the arguments of heed::attention; log_sum_exp, weights and key_weights must be matrices
// of double.
template <class Q, class K, class V, class... Modifiers>
[[nodiscard]] Eigen::MatrixXd attention(const Q& q, const K& k, const V& v,
                                        const Modifiers&... modifiers) {
  if constexpr (detail::call_is_good<Q, K, V, Modifiers...>())
    return detail::attend_as_textbook(q, k, v, modifiers...);
  else
    return {};
}

}  // namespace reference
}  // namespace HEED_ABI
}  // namespace heed
