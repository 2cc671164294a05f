// SPDX-License-Identifier: MIT
// The reference of the gradients: textbook gradients of attention in double, a row at a time,
// without a kernel.
//
//   heed::reference::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heed::causal);
//
// Slow, takes memory for one row of scores; heed::attention_backward is tested against it.
#pragma once

#include <heed/modifiers.hpp>                 // causal, window, soft_cap, heads, ...
#include <heed/modifiers/backward_check.hpp>  // backward_call_is_good, check_backward
#include <heed/modifiers/score_slope.hpp>     // slope_by

#include <cmath>   // exp, isnan, sqrt
#include <limits>  // infinity
#include <tuple>   // apply

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A score after the score rules, and the derivatives of this score.
struct followed_score {
  double score;
  double by_scaled_score = 1;  // by the scaled score before the rules
  double by_bias = 1;          // by the number that heed::bias adds
  double by_alibi = 1;         // by the number that heed::alibi adds
};

template <class Rules>
followed_score follow(const Rules& rules, double score, at i) {
  followed_score f{score};
  const auto one = [&]<class Rule>(const Rule& rule) {
    const double slope = detail::slope_by(rule, f.score, i);
    f.by_scaled_score *= slope;
    f.by_bias = is_bias<Rule> ? 1 : f.by_bias * slope;
    f.by_alibi = is_alibi<Rule> ? 1 : f.by_alibi * slope;
    f.score = keep_excluded(f.score, detail::score_by(rule, f.score, i));
  };
  std::apply([&](const auto&... rule) { (one(rule), ...); }, rules);
  return f;
}

// The distance that heed::alibi's slope is multiplied by.
template <class Rules>
double followed_distance(const Rules& rules, at i) {
  double distance = 0;
  const auto one = [&]<class Rule>(const Rule& rule) {
    if constexpr (is_alibi<Rule>) distance = rule.template distance<double>(i);
  };
  std::apply([&](const auto&... rule) { (one(rule), ...); }, rules);
  return distance;
}

// Writes a gradient to the caller's matrix, or adds it to what the matrix holds.
template <class To>
void give_gradient(const view<To>& to, const Eigen::MatrixXd& gradient, bool adds) {
  for (index i = 0; i < to.rows; ++i)
    for (index j = 0; j < to.cols; ++j)
      to(i, j) = static_cast<To>((adds ? static_cast<double>(to(i, j)) : 0) + gradient(i, j));
}
inline void give_gradient(const number_output& to, const Eigen::VectorXd& gradient, bool adds) {
  for (index i = 0; to.given() && i < to.size(); ++i)
    adds ? to.add(i, gradient[i]) : to.set(i, gradient[i]);
}

// heed::reference::attention_backward after the checks of its types.
template <class Sum, class Q, class K, class V, class Matrices, class... Modifiers>
void attend_backward_as_textbook(const char* verb, const view<const Q>& q, const view<const K>& k,
                                 const view<const V>& v, const Matrices& m,
                                 const Modifiers&... modifiers) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto rules = gather_rules(modifiers...);
  auto options = gather_backward_settings<Sum>(modifiers...);
  options.verb = verb;
  const problem g =
      check_inputs(verb, q, tiled_view<const K>(k), tiled_view<const V>(v), options, rules);
  check_backward(q, k, v, m, options, g);
  require(!options.d_distance_bias.given(), verb,
          ": the textbook gives no gradient of a bias of distances; gradient_of_bias of the same "
          "numbers for each pair does, summed over the pairs of a distance");
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(g.width)));
  const dropout drop{options.drop_probability, options.drop_seed};

  Eigen::MatrixXd d_q = Eigen::MatrixXd::Zero(q.rows, q.cols);
  Eigen::MatrixXd d_k = Eigen::MatrixXd::Zero(k.rows, k.cols);
  Eigen::MatrixXd d_v = Eigen::MatrixXd::Zero(v.rows, v.cols);
  Eigen::VectorXd d_sink = Eigen::VectorXd::Zero(g.query_heads);
  Eigen::VectorXd d_slopes = Eigen::VectorXd::Zero(g.query_heads);
  Eigen::MatrixXd d_bias = Eigen::MatrixXd::Zero(options.d_bias ? options.d_bias->rows : 0,
                                                 options.d_bias ? options.d_bias->cols : 0);
  Eigen::VectorXd raw(g.longest_keys), p(g.longest_keys), d_p(g.longest_keys);

  for (index sequence = 0; sequence < g.sequences; ++sequence)
    for (index head = 0; head < g.query_heads; ++head) {
      const scope s = g.of(sequence, head);
      const auto bound = rules.bind(s);
      const index kv_head = head / g.group();
      for (index row = 0; row < s.queries; ++row) {
        const index query = s.query_row + row;
        const auto q_at = [&](index f) {
          return static_cast<double>(q(query, head * g.width + f));
        };
        const auto k_at = [&](index key, index f) {
          return static_cast<double>(k(s.key_row + key, kv_head * g.width + f));
        };
        const auto d_out_at = [&](index f) {
          return static_cast<double>(m.d_out(query, head * g.value_width + f));
        };

        // forward: score_j = scale q · k_j after the score rules; -infinity where a mask excludes key j
        double largest = options.sink.given() ? options.sink[head] : -infinity;
        for (index key = 0; key < s.keys; ++key) {
          double score = 0;
          for (index f = 0; f < g.width; ++f) score += q_at(f) * k_at(key, f);
          raw[key] = scale * score;
          const at i = s(row, key);
          p[key] = bound.sees(i) ? detail::follow(bound.scores, raw[key], i).score : -infinity;
          if (p[key] > largest || std::isnan(p[key])) largest = p[key];
        }
        const auto seen = [&](index key) { return !exactly_equal(p[key], -infinity); };

        // forward: p_j = exp(score_j - largest) / sum, sum over the keys seen and the sink
        double sum = 0, p_of_sink = 0;
        if (options.sink.given() && largest > -infinity)
          sum = p_of_sink = std::exp(options.sink[head] - largest);
        for (index key = 0; key < s.keys; ++key)
          if (seen(key)) sum += std::exp(p[key] - largest);
        if (exactly_equal(sum, 0.0)) continue;
        p_of_sink /= sum;

        // forward: out = sum of p_j keep_j v_j; keep_j is 0 where dropout drops j, else 1 / (1 - probability)
        double delta = 0;  // sum of p_j d_p_j
        for (index key = 0; key < s.keys; ++key) {
          if (!seen(key)) continue;
          const double weight = std::exp(p[key] - largest) / sum;
          const double keep = drop.keeps(s(row, key)) ? 1 / (1 - drop.probability) : 0;
          d_p[key] = 0;
          for (index f = 0; f < g.value_width; ++f) {
            const index column = kv_head * g.value_width + f;
            d_v(s.key_row + key, column) += weight * keep * d_out_at(f);
            d_p[key] += keep * d_out_at(f) * static_cast<double>(v(s.key_row + key, column));
          }
          delta += weight * d_p[key];
        }

        // forward: p = softmax(score), so that d_score_j = p_j (d_p_j - delta); for the sink, d_p is 0
        d_sink[head] -= p_of_sink * delta;
        for (index key = 0; key < s.keys; ++key) {
          if (!seen(key)) continue;
          const at i = s(row, key);
          const double d_score = std::exp(p[key] - largest) / sum * (d_p[key] - delta);
          const auto followed = detail::follow(bound.scores, raw[key], i);

          // forward: score = rules(scale q · k)
          const double d_product = scale * d_score * followed.by_scaled_score;
          for (index f = 0; f < g.width; ++f) {
            d_q(query, head * g.width + f) += d_product * k_at(key, f);
            d_k(s.key_row + key, kv_head * g.width + f) += d_product * q_at(f);
          }
          // forward: a rule adds bias(row, key), or -slope distance
          if (options.d_bias)
            d_bias(d_bias.rows() == g.queries ? query : head * g.queries + query, key) +=
                d_score * followed.by_bias;
          if (options.d_slopes.given())
            d_slopes[head] -=
                d_score * followed.by_alibi * detail::followed_distance(bound.scores, i);
        }
      }
    }

  give_gradient(m.d_q, d_q, options.adds);
  give_gradient(m.d_k, d_k, options.adds);
  give_gradient(m.d_v, d_v, options.adds);
  if (options.d_bias) give_gradient(*options.d_bias, d_bias, options.adds);
  give_gradient(options.d_sink, d_sink, options.adds);
  give_gradient(options.d_slopes, d_slopes, options.adds);
}

}  // namespace detail

namespace reference {

// The gradients of reference::attention, summed in double and written in the types of d_q, d_k and
// d_v, whatever these are. Takes the arguments of heed::attention_backward; of out and log_sum_exp
// it uses the sizes alone, and recomputes the numbers. A matrix in gradient_of_bias must be of
// double.
template <class Q, class K, class V, class Out, class Lse, class DOut, class DQ, class DK, class DV,
          class... Modifiers>
void attention_backward(const Q& q, const K& k, const V& v, const Out& out, const Lse& log_sum_exp,
                        const DOut& d_out, DQ&& d_q, DK&& d_k, DV&& d_v,
                        const Modifiers&... modifiers) {
  if constexpr (detail::backward_call_is_good<Q, K, V, Out, Lse, DOut, Modifiers...>())
    if constexpr (detail::gradients_are_good<void, DQ, DK, DV>())
      detail::attend_backward_as_textbook<double>(
          "heed::reference::attention_backward", detail::const_view_of(q), detail::const_view_of(k),
          detail::const_view_of(v), detail::views_of(out, log_sum_exp, d_out, d_q, d_k, d_v),
          modifiers...);
}

}  // namespace reference
}  // namespace HEED_ABI
}  // namespace heed
