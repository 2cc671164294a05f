// SPDX-License-Identifier: MIT
// Settings of heed::attention_backward: gradients beside d_q, d_k and d_v, and whether gradients
// are added to.
//
//   heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heed::bias(table),
//                            heed::gradient_of_bias(d_table), heed::accumulate);
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind, writable
#include <heed/core/number_output.hpp>          // number_output
#include <heed/modifiers/options/settings.hpp>  // settings
#include <heed/modifiers/refused.hpp>           // refused, false_for_any

#include <optional>     // optional
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The settings of a backward call. A setting that only a backward call accepts has
//   template <class Scalar> void apply(backward_settings<Scalar>&) const;
template <class Scalar>
struct backward_settings : settings<Scalar> {
  bool adds = false;                   // adds to all gradients; false: overwrites them
  std::optional<view<Scalar>> d_bias;  // (queries, keys), or (heads * queries, keys)
  number_output d_sink;                // (heads)
  number_output d_slopes;              // (heads)
  view<double> d_distance_bias;        // (heads, 2 * reach + 1), always added to; or null
};

// Refuses, with a sentence at compile time, a setting of the backward in a call of heed::attention.
template <class... Settings>
constexpr void only_of_backward() {
  static_assert(false_for_any<Settings...>,
                "heed: accumulate, gradient_of_bias, gradient_of_sink and gradient_of_slopes are "
                "settings of heed::attention_backward");
}

struct accumulate_setting {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "accumulate";

  template <class Scalar>
  void apply(backward_settings<Scalar>& s) const {
    s.adds = true;
  }
  template <class Scalar>
  void apply(settings<Scalar>&) const {
    only_of_backward<Scalar>();
  }
};

template <class Element>
struct bias_gradient {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "gradient_of_bias";

  view<Element> into;

  template <class Scalar>
  void apply(backward_settings<Scalar>& s) const {
    static_assert(std::is_same_v<Element, Scalar>,
                  "heed: a matrix for gradient_of_bias must have the scalar that sums are formed "
                  "in: float for float, half and bfloat16, double for double and for the "
                  "reference");
    if constexpr (std::is_same_v<Element, Scalar>) s.d_bias = into;
  }
  template <class Scalar>
  void apply(settings<Scalar>&) const {
    only_of_backward<Scalar>();
  }
};

struct sink_gradient {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "gradient_of_sink";

  number_output into;

  template <class Scalar>
  void apply(backward_settings<Scalar>& s) const {
    s.d_sink = into;
  }
  template <class Scalar>
  void apply(settings<Scalar>&) const {
    only_of_backward<Scalar>();
  }
};

struct slope_gradient {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "gradient_of_slopes";

  number_output into;

  template <class Scalar>
  void apply(backward_settings<Scalar>& s) const {
    s.d_slopes = into;
  }
  template <class Scalar>
  void apply(settings<Scalar>&) const {
    only_of_backward<Scalar>();
  }
};

template <class Gradient, class Numbers>
auto numbers_into(Numbers& into, const char* taker) {
  static_assert(writable_numbers<Numbers>,
                "heed: gradient_of_sink and gradient_of_slopes write into a vector of numbers, one "
                "a query head: a std::vector or an Eigen vector, not a constant or an Eigen "
                "expression");
  if constexpr (writable_numbers<Numbers>)
    return Gradient{number_output(into, taker)};
  else
    return refused{};
}

}  // namespace detail

// Adds every gradient of the call to what its matrix holds; without this setting, matrices are
// overwritten.
inline constexpr detail::accumulate_setting accumulate{};

// Writes the gradient of the call's heed::bias: (queries, keys), summed over the heads; or that of each
// head under the other's, (query heads * queries, keys). In a packed batch column j is key j of the
// row's own sequence, and columns beyond its last key are 0. Pairs that are excluded have 0.
template <class Matrix>
auto gradient_of_bias(Matrix&& into) {
  static_assert(detail::writable<Matrix>,
                "heed: gradient_of_bias writes into an Eigen matrix, (queries, keys) or "
                "(heads * queries, keys), not into a constant or an Eigen expression; Eigen::Map "
                "makes one of other memory");
  if constexpr (detail::writable<Matrix>)
    return detail::bias_gradient<detail::scalar_of<Matrix>>{detail::view_of(into)};
  else
    return detail::refused{};
}

// Writes the gradient of the call's heed::sink logits, one a query head:
//   d_sink = -Σ over rows of exp(sink - log_sum_exp) (out · d_out)
template <class Numbers>
auto gradient_of_sink(Numbers&& into) {
  return detail::numbers_into<detail::sink_gradient>(into, "heed::gradient_of_sink");
}

// Writes the gradient of the call's heed::alibi slopes, one a query head.
template <class Numbers>
auto gradient_of_slopes(Numbers&& into) {
  return detail::numbers_into<detail::slope_gradient>(into, "heed::gradient_of_slopes");
}

}  // namespace HEED_ABI
}  // namespace heed
