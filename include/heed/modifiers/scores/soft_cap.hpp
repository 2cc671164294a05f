// SPDX-License-Identifier: MIT
// Soft cap: cap * tanh(score / cap) keeps every score inside (-cap, cap).
//
//   heed::attention(q, k, v, out, heed::causal, heed::soft_cap(30.f));
//
// Gemma Team, "Gemma 2: Improving Open Language Models at a Practical Size", 2024, section 2.
#pragma once

#include <heed/core/concepts.hpp>    // score_kind
#include <heed/core/narrow.hpp>      // both_precisions
#include <heed/modifiers/scope.hpp>  // at, call_shape
#include <heed/simd/tanh.hpp>        // tanh

#include <algorithm>    // max
#include <cmath>        // isfinite
#include <limits>       // min
#include <type_traits>  // is_arithmetic_v

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// soft_cap with the cap in the type of the scores.
struct bound_soft_cap {
  using heed_kind = score_kind;
  both_precisions cap;

  template <class Scalar>
  Scalar operator()(Scalar s, at) const {
    const auto c = cap.as<Scalar>();
    return c * detail::tanh(s / c);
  }
  template <class Scalar>
  Scalar derivative(Scalar s, at) const {
    const auto t = detail::tanh(s / cap.as<Scalar>());
    return 1 - t * t;
  }
};

}  // namespace detail

// On the scaled score, in the order in which the call lists its score rules.
struct soft_cap {
  using heed_kind = score_kind;
  double cap;

  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr explicit soft_cap(Number largest) : cap(static_cast<double>(largest)) {}

  // A cap too small for float is its least positive number, since scores are divided by it.
  detail::bound_soft_cap bind(const scope&) const {
    detail::both_precisions c(cap);
    c.single_precision = (std::max)(c.single_precision, (std::numeric_limits<float>::min)());
    return {c};
  }
  void check(const call_shape& shape) const {
    detail::require(cap > 0 && std::isfinite(cap), shape.verb, ": soft_cap is ", cap,
                    ", but it must be positive and finite");
  }
};

}  // namespace HEED_ABI
}  // namespace heed
