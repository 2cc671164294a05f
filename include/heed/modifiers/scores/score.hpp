// SPDX-License-Identifier: MIT
// Your own score rule: any function of a score and its place.
//
//   heed::attention(q, k, v, out, heed::causal,
//                   heed::score([](float s, heed::at i) {
//                     return s - 0.1f * float(i.query - i.key);
//                   }));
//
// A score rule is any value with `using heed_kind = heed::score_kind` and
//   template <class Scalar> Scalar operator()(Scalar score, at i) const;
// and, as a mask, bind(scope) and check(call_shape) where it needs them.
#pragma once

#include <heed/core/concepts.hpp>              // score_kind
#include <heed/modifiers/refused.hpp>          // refused
#include <heed/modifiers/scope.hpp>            // at
#include <heed/modifiers/score_parameter.hpp>  // score_parameter, score_by

#include <limits>       // numeric_limits
#include <type_traits>  // is_invocable_r_v
#include <utility>      // move

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// What stands for a rule's function there: itself, unless heed::score has made a rule of one.
template <class Rule>
struct asked_function {
  using type = Rule;
};

// Whether a score of Scalar goes into a rule's function as it is.
template <class Scalar, class Rule>
constexpr bool keeps_score() {
  using parameter = std::remove_cvref_t<
      typename score_parameter<Scalar, typename asked_function<Rule>::type>::type>;
  if constexpr (!score_rule<Rule> || !std::numeric_limits<parameter>::is_specialized)
    return true;
  else
    return !std::numeric_limits<parameter>::is_integer &&
           std::numeric_limits<parameter>::digits >= std::numeric_limits<Scalar>::digits;
}

// score for one sequence and head: refers to the function, which may be dear to copy.
template <class Function>
struct bound_score {
  using heed_kind = score_kind;
  using function_type = Function;
  const Function* function;

  template <class Scalar>
  Scalar operator()(Scalar s, at i) const {
    return detail::score_by(*function, s, i);
  }
};

// ... that knows its derivative.
template <class Function, class Derivative>
struct bound_derived_score : bound_score<Function> {
  const Derivative* by_score;

  template <class Scalar>
  Scalar derivative(Scalar s, at i) const {
    return detail::score_by(*by_score, s, i);
  }
};

}  // namespace detail

template <class Function>
struct score_function {
  using heed_kind = score_kind;
  Function function;

  detail::bound_score<Function> bind(const scope&) const { return {&function}; }
};

// ... with its derivative, which heed::attention_backward asks for.
template <class Function, class Derivative>
struct derived_score_function {
  using heed_kind = score_kind;
  Function function;
  Derivative derivative;

  detail::bound_derived_score<Function, Derivative> bind(const scope&) const {
    return {{&function}, &derivative};
  }
};

namespace detail {

template <class Function>
struct asked_function<score_function<Function>> {
  using type = Function;
};
template <class Function, class Derivative>
struct asked_function<derived_score_function<Function, Derivative>> {
  using type = Function;
};

// Whether the score rules among the modifiers take scores as a call forms them, in Scalar; says so in
// a sentence where one would round them.
template <class Scalar, class... Modifiers>
constexpr bool scores_are_kept() {
  constexpr bool all = (detail::keeps_score<Scalar, Modifiers>() && ...);
  static_assert(
      all,
      "heed: a function in heed::score takes a type that cannot hold the scores of this call, "
      "and each would be rounded; let the function take auto or double");
  return all;
}

}  // namespace detail

// Bends a scaled score; -infinity excludes the key. The function is asked only about real queries
// and keys, those that a mask excludes among them, in any order and perhaps from several threads. A
// function of float does not go with queries of double, whose scores it would round: say auto.
template <class Function>
constexpr auto score(Function function) {
  constexpr bool good = std::is_invocable_r_v<double, const Function&, float, at>;
  static_assert(good,
                "heed::score: the function must take a score and a heed::at and return a score");
  if constexpr (good)
    return score_function<Function>{std::move(function)};
  else
    return detail::refused{};
}

// The same with its derivative by the score, a function of the score that comes in, and its place:
//
//   heed::score([](float s, heed::at) { return s * s; }, [](float s, heed::at) { return 2 * s; })
//
// heed::attention_backward needs it of a function that takes plain numbers; one of auto is given a
// heed::dual there instead.
template <class Function, class Derivative>
constexpr auto score(Function function, Derivative derivative) {
  constexpr bool good = std::is_invocable_r_v<double, const Function&, float, at> &&
                        std::is_invocable_r_v<double, const Derivative&, float, at>;
  static_assert(good,
                "heed::score: the function and its derivative must each take a score and a "
                "heed::at and return a number");
  if constexpr (good)
    return derived_score_function<Function, Derivative>{std::move(function), std::move(derivative)};
  else
    return detail::refused{};
}

}  // namespace HEED_ABI
}  // namespace heed
