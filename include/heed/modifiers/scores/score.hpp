// SPDX-License-Identifier: MIT
// A score rule of your own (FlexAttention's score_mod): any function of a score and of its pair of
// query and key.
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

// The function of a rule that heed::score has made; of any other rule, the rule itself.
template <class Rule>
struct function_of_rule {
  using type = Rule;
};

// Whether a score of Scalar is passed to a rule's function without rounding.
template <class Scalar, class Rule>
constexpr bool keeps_score() {
  using parameter = std::remove_cvref_t<
      typename score_parameter<Scalar, typename function_of_rule<Rule>::type>::type>;
  if constexpr (!score_rule<Rule> || !std::numeric_limits<parameter>::is_specialized)
    return true;
  else
    return !std::numeric_limits<parameter>::is_integer &&
           std::numeric_limits<parameter>::digits >= std::numeric_limits<Scalar>::digits;
}

// The rule for one sequence and head: refers to the function, which may be expensive to copy.
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

// The same with the derivative of the function.
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

// The rule with the derivative that heed::attention_backward uses.
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
struct function_of_rule<score_function<Function>> {
  using type = Function;
};
template <class Function, class Derivative>
struct function_of_rule<derived_score_function<Function, Derivative>> {
  using type = Function;
};

// Whether the score rules of a call take scores in Scalar, the type that the call computes scores
// in; otherwise a sentence at compile time names the rule that would round them.
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

// Changes a scaled score; -infinity excludes the key. The function is called only for real queries
// and keys, pairs that a mask excludes among them, in any order and perhaps from several threads. A
// function of float does not go with queries of double, since it would round their scores: write
// auto.
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

// The same with the derivative by the score, a function of the score before the rule, and of its
// pair:
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
