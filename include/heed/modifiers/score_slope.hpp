// SPDX-License-Identifier: MIT
// The derivative of score rules: of a rule's result by the score that the rule is called with.
//
//   const heed::soft_cap cap(30);
//   heed::detail::slope_by(cap.bind(scope), 0.0, heed::at{});  // 1
//
// A rule, or its bound form, provides its derivative in one of three ways:
//   static constexpr bool adds = true;                       // it adds a number: the derivative is 1
//   template <class Scalar> Scalar derivative(Scalar, at) const;
//   template <class Score> Score operator()(Score, at) const; // Score may be heed::dual<Scalar>
#pragma once

#include <heed/modifiers/dual.hpp>              // dual
#include <heed/modifiers/pair_matrix_tile.hpp>  // modified_by, numbers_after
#include <heed/simd/choose.hpp>                 // keep_excluded

#include <tuple>        // tuple, apply
#include <type_traits>  // is_invocable_v

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Whether a rule adds a number to each score.
template <class Rule>
constexpr bool adds() {
  if constexpr (requires { Rule::adds; })
    return Rule::adds;
  else
    return false;
}

// Whether a rule, or its function, can be called with a dual number.
template <class Rule, class Scalar>
constexpr bool takes_duals() {
  if constexpr (requires { typename Rule::function_type; })
    return std::is_invocable_v<const typename Rule::function_type&, dual<Scalar>, at>;
  else
    return std::is_invocable_v<const Rule&, dual<Scalar>, at>;
}

// d rule(score) / d score.
template <class Scalar, class Rule>
Scalar slope_by(const Rule& rule, Scalar score, at i) {
  if constexpr (adds<Rule>()) {
    return Scalar(1);
  } else if constexpr (requires { rule.derivative(score, i); }) {
    return narrowed<Scalar>(rule.derivative(score, i));
  } else {
    constexpr bool good = takes_duals<Rule, Scalar>();
    static_assert(good,
                  "heed: a function in heed::score takes a plain number, so that its derivative is "
                  "not known; let the function take auto, or give its derivative too: "
                  "heed::score(f, df)");
    if constexpr (good)
      return dual<Scalar>(rule(dual<Scalar>(score, Scalar(1)), i)).slope;
    else
      return Scalar(1);
  }
}

// Whether all rules of a tuple from number First on add.
template <std::size_t First, class... Rules>
consteval bool all_add(const std::tuple<Rules...>*) {
  const bool each[] = {adds<Rules>()..., true};
  bool all = true;
  for (std::size_t n = First; n < sizeof...(Rules); ++n) all = all && each[n];
  return all;
}

// The derivative of the result of all rules, applied left to right, by the score that rule number
// First is called with, from the score that the first rule is called with. `numbers` as in
// bound_rules::modify.
template <std::size_t First, class Scalar, class... Rules>
Scalar slope_from(const std::tuple<Rules...>& rules, Scalar score, at i, const Scalar* numbers) {
  Scalar slope = 1;
  std::size_t n = 0;
  const auto one = [&]<class Rule>(const Rule& rule) {
    if (n >= First) slope *= detail::slope_by(rule, score, i);
    score = keep_excluded(score, modified_by(rule, score, i, numbers));
    numbers = numbers_after<Rule>(numbers);
    ++n;
  };
  std::apply([&](const auto&... rule) { (one(rule), ...); }, rules);
  return slope;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
