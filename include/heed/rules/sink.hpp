// SPDX-License-Identifier: MIT
// Attention sinks: one learned logit a head joins the softmax's denominator and nothing else.
//
//   heed::attention(q, k, v, out, heed::heads{8}, heed::causal, heed::sink(logits));  // 8 logits
//
// OpenAI, "gpt-oss-120b & gpt-oss-20b Model Card", 2025; a logit of 0 is Miller's "softmax one".
#pragma once

#include <heed/core/concepts.hpp>   // setting_kind
#include <heed/rules/settings.hpp>  // settings

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// The logit is taken as it is: neither scaled nor bent. A row that sees no key gives 0, and its
// log-sum-exp is the logit. Refers to the logits: any vector, array, span or Eigen vector.
struct sink {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "sink";

  list<double> logits;  // one a query head

  template <class Logits>
  explicit sink(const Logits& one_a_head) : logits(one_a_head) {}

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    s.sink = logits;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
