// SPDX-License-Identifier: MIT
// Soft cap: cap * tanh(score / cap) keeps every score inside (-cap, cap).
//
//   heed::attention(q, k, v, out, heed::causal, heed::soft_cap(30.f));
//
// Gemma Team, "Gemma 2: Improving Open Language Models at a Practical Size", 2024, section 2.
#pragma once

#include <heed/core/concepts.hpp>  // score_kind
#include <heed/core/tanh.hpp>      // tanh
#include <heed/rules/scope.hpp>    // at, call_shape

#include <cmath>  // isfinite

namespace heed {
inline namespace HEED_ABI {

// On the scaled score, in the order in which the call lists its score rules.
struct soft_cap {
  using heed_kind = score_kind;
  double cap;

  constexpr explicit soft_cap(double largest) : cap(largest) {}

  template <class Scalar>
  Scalar operator()(Scalar s, at) const {
    return static_cast<Scalar>(cap) * heed::tanh(s / static_cast<Scalar>(cap));
  }
  void check(const call_shape& shape) const {
    require(cap > 0 && std::isfinite(cap), shape.verb, ": soft_cap is ", cap,
            ", but it must be positive and finite");
  }
};

}  // namespace HEED_ABI
}  // namespace heed
