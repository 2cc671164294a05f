// SPDX-License-Identifier: MIT
// Conversion of a score to the parameter type of a score rule, and of the rule's result back to the
// type of scores.
//
//   const auto half = [](double s, heed::at) { return s / 2; };
//   heed::detail::score_by(half, 3.0f, heed::at{});  // 1.5f
#pragma once

#include <heed/core/narrow.hpp>   // narrowed
#include <heed/modifiers/at.hpp>  // at

#include <type_traits>  // remove_cvref_t
#include <utility>      // declval

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The score's type in a function's parameters, or Scalar where the function takes any.
template <class Scalar, class Function>
struct score_parameter {
  using type = Scalar;
};
template <class Result, class Object, class Score>
Score score_of(Result (Object::*)(Score, at) const);
template <class Result, class Object, class Score>
Score score_of(Result (Object::*)(Score, const at&) const);
template <class Result, class Score>
Score score_of(Result (*)(Score, at));
template <class Result, class Score>
Score score_of(Result (*)(Score, const at&));
template <class Scalar, class Function>
requires requires { score_of(&Function::operator()); }
struct score_parameter<Scalar, Function> {
  using type = decltype(score_of(&Function::operator()));
};
template <class Scalar, class Function>
requires requires(Function* function) { score_of(*function); }
struct score_parameter<Scalar, Function> {
  using type = decltype(score_of(std::declval<Function>()));
};

// The result of a rule, or of a function, for a score. A finite number stays finite in both
// conversions.
template <class Scalar, class Rule>
Scalar score_by(const Rule& rule, Scalar score, at i) {
  using parameter = std::remove_cvref_t<typename score_parameter<Scalar, Rule>::type>;
  return narrowed<Scalar>(rule(narrowed<parameter>(score), i));
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
