// SPDX-License-Identifier: MIT
// Attention sinks: one learned logit a head joins the softmax's denominator and nothing else.
//
//   heed::attention(q, k, v, out, heed::heads{8}, heed::causal, heed::sink(logits));  // 8 logits
//
// OpenAI, "gpt-oss-120b & gpt-oss-20b Model Card", 2025; a logit of 0 is Miller's "softmax one".
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind
#include <heed/core/kept.hpp>                   // kept
#include <heed/modifiers/options/settings.hpp>  // settings

#include <initializer_list>  // initializer_list
#include <string_view>       // string_view
#include <utility>           // forward

namespace heed {
inline namespace HEED_ABI {

// The logit is taken as it is: neither scaled nor changed by score rules. A row that sees no key gives 0, and its
// log-sum-exp is the logit. The logits are any vector, array, span or Eigen vector: a temporary is
// taken over, what has a name is referred to.
struct sink {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "sink";

  detail::kept<detail::number_span<double>> logits;  // one a query head

  template <class Logits>
  requires(!std::is_same_v<std::remove_cvref_t<Logits>, sink>) explicit sink(Logits&& one_a_head) {
    constexpr bool good = detail::numbers_for<Logits, double>;
    static_assert(good,
                  "heed::sink: give a vector of logits, one a query head, as in "
                  "heed::sink(std::vector{0.5}); a single number or braces are none, and an Eigen "
                  "expression must be stored or .eval()ed");
    if constexpr (good)
      logits =
          detail::kept<detail::number_span<double>>(std::forward<Logits>(one_a_head), "heed::sink");
  }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  explicit sink(std::initializer_list<Number>) : sink(Number()) {}

  template <class Scalar>
  void apply(detail::settings<Scalar>& s) const {
    s.sink = logits;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
