// SPDX-License-Identifier: MIT
// ALiBi, attention with linear biases: a score falls with the distance between query and key.
//
//   heed::attention(q, k, v, out, heed::heads{.query = 8}, heed::causal, heed::alibi);
//   heed::alibi_slope(0, 8);  // 0.5; head 1: 0.25; ... head 7: 1/256
//
// Press, Smith and Lewis, "Train Short, Test Long", ICLR 2022.
#pragma once

#include <heed/core/concepts.hpp>     // score_kind
#include <heed/core/kept.hpp>         // kept
#include <heed/core/narrow.hpp>       // both_precisions
#include <heed/core/number_span.hpp>  // number_span
#include <heed/modifiers/scope.hpp>   // at, scope
#include <heed/simd/fused.hpp>        // fused

#include <algorithm>         // max
#include <cmath>             // abs, exp2
#include <initializer_list>  // initializer_list
#include <limits>            // max
#include <type_traits>       // is_same_v
#include <utility>           // forward

namespace heed {
inline namespace HEED_ABI {

// The paper's slope of a head: 2^(-8 (head + 1) / heads) where heads is a power of two; otherwise
// the slopes of the power of two below, then every other one of the power of two above.
inline double alibi_slope(index head, index heads) {
  index power = 1;
  while (power * 2 <= heads) power *= 2;
  const auto n = static_cast<double>(power);
  if (head < power) return std::exp2(-8.0 * static_cast<double>(head + 1) / n);
  return std::exp2(-4.0 * static_cast<double>(2 * (head - power) + 1) / n);
}

namespace detail {

// ALiBi for one head.
struct bound_alibi {
  using heed_kind = score_kind;
  static constexpr bool adds = true;
  both_precisions slope;
  position farthest_of_float;  // a longer one gives an infinite product, and counts as this
  position farthest_of_double;

  explicit bound_alibi(double slope_of_head)
      : slope(slope_of_head),
        farthest_of_float(farthest<float>(slope_of_head)),
        farthest_of_double(farthest<double>(slope_of_head)) {}

  template <class Scalar>
  Scalar operator()(Scalar s, at i) const {
    return fused(-slope.as<Scalar>(), distance<Scalar>(i), s);
  }
  // The distance that the slope is multiplied by.
  template <class Scalar>
  Scalar distance(at i) const {
    const position apart = i.query < i.key ? i.key - i.query : i.query - i.key;
    const position most = std::is_same_v<Scalar, float> ? farthest_of_float : farthest_of_double;
    return static_cast<Scalar>(apart < most ? apart : most);
  }

 private:
  template <class Scalar>
  static position farthest(double slope) {
    constexpr auto half = static_cast<double>((std::numeric_limits<Scalar>::max)()) / 2;
    constexpr auto last = (std::numeric_limits<position>::max)();
    const double size = std::abs(slope);
    return size <= half / last ? last : static_cast<position>((std::max)(1.0, half / size));
  }
};

}  // namespace detail

struct alibi_rule {
  using heed_kind = score_kind;
  detail::kept<detail::number_span<double>> slopes;  // one a query head; not given: the paper's

  detail::bound_alibi bind(const scope& s) const {
    return detail::bound_alibi(slopes.given() ? slopes[s.head] : alibi_slope(s.head, s.heads));
  }
  void check(const call_shape& shape) const {
    detail::require(!slopes.given() || slopes.size() == shape.query_heads, shape.verb,
                    ": alibi has ", slopes.size(), " slopes, but there are ", shape.query_heads,
                    " query heads");
  }
};

struct paper_alibi {
  using heed_kind = score_kind;

  detail::bound_alibi bind(const scope& s) const { return (*this)().bind(s); }

  alibi_rule operator()() const { return {}; }
  template <class Slopes>
  alibi_rule operator()(Slopes&& one_a_head) const {
    constexpr bool good = detail::numbers_for<Slopes, double>;
    static_assert(good,
                  "heed::alibi: give a vector of slopes, one a query head, as in "
                  "heed::alibi(std::vector{0.5}); a single number or braces are none, and an Eigen "
                  "expression must be stored or .eval()ed");
    if constexpr (good)
      return {detail::kept<detail::number_span<double>>(std::forward<Slopes>(one_a_head),
                                                        "heed::alibi")};
    else
      return {};
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> alibi_rule operator()(std::initializer_list<Number>) const {
    return (*this)(Number());
  }
};

// Subtracts slope * |query - key|; positions as in `at`. No finite slope excludes a key: where the product
// would be infinite, distances count up to the largest that is not. heed::alibi and heed::alibi() have the
// paper's slopes. heed::alibi(slopes) has those of any vector, array, span or Eigen vector: a temporary
// is taken over, what has a name is referred to.
inline constexpr paper_alibi alibi{};

}  // namespace HEED_ABI
}  // namespace heed
