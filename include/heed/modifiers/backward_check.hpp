// SPDX-License-Identifier: MIT
// Checks of a call of heed::attention_backward: mistakes in types are sentences at compile time,
// mistakes in sizes are a shape_error.
#pragma once

#include <heed/modifiers/call_check.hpp>                      // call_is_good
#include <heed/modifiers/options/distance_bias_gradient.hpp>  // distance_bias_gradient
#include <heed/modifiers/options/gradients.hpp>               // backward_settings
#include <heed/modifiers/options/outputs.hpp>                 // side_output
#include <heed/modifiers/options/sink.hpp>                    // sink
#include <heed/modifiers/problem.hpp>                         // problem, check_size, check_apart
#include <heed/modifiers/scores/alibi.hpp>                    // alibi_rule, paper_alibi
#include <heed/modifiers/scores/bias.hpp>                     // bias_rule
#include <heed/modifiers/scores/distance_bias.hpp>            // distance_bias_rule

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Modifier>
inline constexpr bool is_side_output = false;
template <class Place, class Element>
inline constexpr bool is_side_output<side_output<Place, Element>> = true;

// The rules that have learned numbers: bias, ALiBi and the bias of distances.
template <class Rule>
inline constexpr bool has_bias = false;
template <class Element>
inline constexpr bool has_bias<bias_rule<Element>> = true;
template <class Rule>
inline constexpr bool has_slopes =
    std::is_same_v<Rule, alibi_rule> || std::is_same_v<Rule, paper_alibi>;
template <class Rule>
inline constexpr bool has_distance_bias = std::is_same_v<Rule, distance_bias_rule>;

// The same rules in their bound forms.
template <class Bound>
inline constexpr bool is_bias = false;
template <class Element>
inline constexpr bool is_bias<bound_bias<Element>> = true;
template <class Bound>
inline constexpr bool is_alibi = std::is_same_v<Bound, bound_alibi>;
template <class Bound>
inline constexpr bool is_distance_bias = std::is_same_v<Bound, bound_distance_bias>;

template <class Modifier>
inline constexpr bool has_bias_gradient = false;
template <class Element>
inline constexpr bool has_bias_gradient<bias_gradient<Element>> = true;
template <class Modifier>
inline constexpr bool has_slope_gradient = std::is_same_v<Modifier, slope_gradient>;
template <class Modifier>
inline constexpr bool has_sink_gradient = std::is_same_v<Modifier, sink_gradient>;
template <class Modifier>
inline constexpr bool has_distance_gradient = std::is_same_v<Modifier, distance_bias_gradient>;

// Whether exactly one modifier has the gradient that a call requests; true if the call requests
// none.
constexpr bool one_if_requested(int modifiers, bool requested) {
  return !requested || modifiers == 1;
}

// True if q, k, v, the other inputs and the modifiers go together as far as their types say.
template <class Q, class K, class V, class Out, class Lse, class DOut, class... Modifiers>
constexpr bool backward_call_is_good() {
  if constexpr (call_is_good<Q, K, V, Modifiers...>()) {
    constexpr bool stored = storage<K> && storage<V>;
    static_assert(stored,
                  "heed::attention_backward: k and v must be Eigen matrices, not heed::quantised "
                  "or heed::key_tiles");
    constexpr bool inputs = storage<Out> && storage<Lse> && storage<DOut>;
    static_assert(inputs,
                  "heed::attention_backward: out, log_sum_exp and d_out must be Eigen matrices "
                  "whose elements lie in memory, not Eigen expressions; store them or call "
                  ".eval()");
    constexpr bool no_outputs = !(is_side_output<Modifiers> || ...);
    static_assert(no_outputs,
                  "heed::attention_backward: log_sum_exp, weights and key_weights are outputs of "
                  "heed::attention; the log-sum-exp comes fifth here, after out");
    constexpr bool bias = one_if_requested((0 + ... + int(has_bias<Modifiers>)),
                                           (has_bias_gradient<Modifiers> || ...));
    static_assert(bias, "heed::gradient_of_bias: there must be one heed::bias in the same call");
    constexpr bool slopes = one_if_requested((0 + ... + int(has_slopes<Modifiers>)),
                                             (has_slope_gradient<Modifiers> || ...));
    static_assert(slopes,
                  "heed::gradient_of_slopes: there must be one heed::alibi in the same call");
    constexpr bool sink = one_if_requested((0 + ... + int(std::is_same_v<Modifiers, heed::sink>)),
                                           (has_sink_gradient<Modifiers> || ...));
    static_assert(sink, "heed::gradient_of_sink: there must be a heed::sink in the same call");
    constexpr bool distances = one_if_requested((0 + ... + int(has_distance_bias<Modifiers>)),
                                                (has_distance_gradient<Modifiers> || ...));
    static_assert(distances,
                  "heed: distance_bias_gradient: there must be one distance_bias_rule in the same "
                  "call");
    return stored && inputs && no_outputs && bias && slopes && sink && distances;
  } else {
    return false;
  }
}

// The same for out and log_sum_exp, which the forward call computed, and for d_out.
template <class Query, class Out, class DOut, class Lse>
constexpr bool results_are_good() {
  constexpr bool same =
      std::is_same_v<scalar_of<Out>, Query> && std::is_same_v<scalar_of<DOut>, Query>;
  static_assert(same, "heed::attention_backward: out, d_out and q have different scalar types");
  constexpr bool sums = std::is_same_v<scalar_of<Lse>, accumulator_t<Query>>;
  static_assert(sums,
                "heed::attention_backward: log_sum_exp must have the scalar that sums are formed "
                "in: float for float, half and bfloat16, double for double");
  return same && sums;
}

// The same for the matrices that gradients are written to. `Sum` is the type of the sums, or void
// where any type will do.
template <class Sum, class... Gradients>
constexpr bool gradients_are_good() {
  constexpr bool all = (writable<Gradients> && ...);
  static_assert(all,
                "heed::attention_backward: d_q, d_k and d_v must be Eigen matrices that can be "
                "written to, not constants or Eigen expressions");
  if constexpr (all) {
    constexpr bool same = std::is_void_v<Sum> || (std::is_same_v<Sum, scalar_of<Gradients>> && ...);
    static_assert(same,
                  "heed::attention_backward: d_q, d_k and d_v must have the scalar that sums are "
                  "formed in: float for float, half and bfloat16, double for double");
    return same;
  } else {
    return false;
  }
}

template <class Scalar, class... Modifiers>
backward_settings<Scalar> gather_backward_settings(const Modifiers&... modifiers) {
  backward_settings<Scalar> gathered;
  gathered.verb = "heed::attention_backward";
  [[maybe_unused]] const auto apply = [&](const auto& m) {
    if constexpr (setting<decltype(m)>) m.apply(gathered);
  };
  (apply(modifiers), ...);
  return gathered;
}

template <class Object>
view<const scalar_of<Object>> const_view_of(const Object& object) {
  return view_of(object);
}

// The matrices of a call beside q, k and v.
template <class Out, class Lse, class DOut, class DQ, class DK, class DV>
struct backward_matrices {
  view<const Out> out;     // (queries, query heads * value width)
  view<const Lse> lse;     // (queries, query heads)
  view<const DOut> d_out;  // as out
  view<DQ> d_q;            // as q
  view<DK> d_k;            // as k
  view<DV> d_v;            // as v
};
template <class Out, class Lse, class DOut, class DQ, class DK, class DV>
backward_matrices<scalar_of<Out>, scalar_of<Lse>, scalar_of<DOut>, scalar_of<DQ>, scalar_of<DK>,
                  scalar_of<DV>>
views_of(const Out& out, const Lse& lse, const DOut& d_out, DQ& d_q, DK& d_k, DV& d_v) {
  return {view_of(out), view_of(lse), view_of(d_out), view_of(d_q), view_of(d_k), view_of(d_v)};
}

// Checks their shapes, and that nothing that is written is also read or written twice.
template <class Q, class K, class V, class Matrices, class Scalar>
void check_backward(const view<const Q>& q, const view<const K>& k, const view<const V>& v,
                    const Matrices& m, const backward_settings<Scalar>& s, const problem& g) {
  const char* verb = s.verb;
  const index values = g.query_heads * g.value_width;
  detail::check_size(verb, "out", m.out, {g.queries, values});
  detail::check_size(verb, "log_sum_exp", m.lse, {g.queries, g.query_heads});
  detail::check_size(verb, "d_out", m.d_out, {g.queries, values});
  detail::check_size(verb, "d_q", m.d_q, {q.rows, q.cols});
  detail::check_size(verb, "d_k", m.d_k, {k.rows, k.cols});
  detail::check_size(verb, "d_v", m.d_v, {v.rows, v.cols});
  const auto apart_from_inputs = [&](const char* name, const auto& output) {
    check_apart(verb, name, output, "q", q);
    check_apart(verb, name, output, "k", k);
    check_apart(verb, name, output, "v", v);
    check_apart(verb, name, output, "out", m.out);
    check_apart(verb, name, output, "log_sum_exp", m.lse);
    check_apart(verb, name, output, "d_out", m.d_out);
  };
  apart_from_inputs("d_q", m.d_q);
  apart_from_inputs("d_k", m.d_k);
  apart_from_inputs("d_v", m.d_v);
  check_apart(verb, "d_k", m.d_k, "d_q", m.d_q);
  check_apart(verb, "d_v", m.d_v, "d_q", m.d_q);
  check_apart(verb, "d_v", m.d_v, "d_k", m.d_k);
  if (s.d_bias) {
    const extent is{s.d_bias->rows, s.d_bias->cols};
    const extent shared{g.queries, g.longest_keys};
    const extent stacked{g.queries * g.query_heads, g.longest_keys};
    require(is.cols == shared.cols && (is.rows == shared.rows || is.rows == stacked.rows), verb,
            ": gradient_of_bias is ", is, ", but it must be ", shared,
            " (queries x keys), summed over the heads, or ", stacked, " (heads * queries x keys)");
    apart_from_inputs("gradient_of_bias", *s.d_bias);
    check_apart(verb, "gradient_of_bias", *s.d_bias, "d_q", m.d_q);
    check_apart(verb, "gradient_of_bias", *s.d_bias, "d_k", m.d_k);
    check_apart(verb, "gradient_of_bias", *s.d_bias, "d_v", m.d_v);
  }
  const auto check_numbers = [&](const char* name, const number_output& numbers) {
    require(!numbers.given() || numbers.size() == g.query_heads, verb, ": ", name, " has ",
            numbers.size(), " numbers, but there are ", g.query_heads, " query heads");
  };
  check_numbers("gradient_of_sink", s.d_sink);
  check_numbers("gradient_of_slopes", s.d_slopes);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
