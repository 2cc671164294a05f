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

#include <heed/core/concepts.hpp>  // score_kind
#include <heed/core/narrow.hpp>    // narrowed
#include <heed/rules/scope.hpp>    // at

#include <type_traits>  // is_invocable_r_v
#include <utility>      // move

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

}  // namespace detail

// score for one sequence and head: refers to the function, which may be dear to copy.
template <class Function>
struct bound_score {
  using heed_kind = score_kind;
  const Function* function;

  template <class Scalar>
  Scalar operator()(Scalar s, at i) const {
    using parameter = std::remove_cvref_t<typename detail::score_parameter<Scalar, Function>::type>;
    return narrowed<Scalar>((*function)(narrowed<parameter>(s), i));
  }
};

template <class Function>
struct score_function {
  using heed_kind = score_kind;
  Function function;

  bound_score<Function> bind(const scope&) const { return {&function}; }
};

// Bends a scaled score; -infinity excludes the key. The function is asked only about real queries
// and keys, those that a mask excludes among them, in any order and perhaps from several threads.
template <class Function>
constexpr score_function<Function> score(Function function) {
  static_assert(std::is_invocable_r_v<double, const Function&, float, at>,
                "heed::score: the function must take a score and a heed::at and return a score");
  return {std::move(function)};
}

}  // namespace HEED_ABI
}  // namespace heed
