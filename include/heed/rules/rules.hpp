// SPDX-License-Identifier: MIT
// Folds a call's modifiers into one compile-time set of masks and score rules, and plain settings.
//
//   const heed::rule_set rules(heed::causal, heed::soft_cap(30));
//   const auto bound = rules.bind(scope);
//   bound.sees(i);     // causal
//   bound.bend(s, i);  // soft cap
#pragma once

#include <heed/core/concepts.hpp>   // modifier
#include <heed/rules/mask.hpp>      // mask, keys_of, cover_of, first_query_of
#include <heed/rules/settings.hpp>  // settings

#include <tuple>  // tuple, apply, tuple_cat

namespace heed {
inline namespace HEED_ABI {

// Masks and score rules of one sequence and head.
template <class Masks, class Scores>
struct bound_rules {
  Masks masks;
  Scores scores;

  static constexpr bool has_masks = std::tuple_size_v<Masks> > 0;
  static constexpr bool has_scores = std::tuple_size_v<Scores> > 0;

  // Score rules, left to right.
  template <class Scalar>
  Scalar bend(Scalar score, at i) const {
    std::apply([&](const auto&... rule) { ((score = rule(score, i)), ...); }, scores);
    return score;
  }

  // Masks intersect.
  bool sees(at i) const {
    return std::apply([&](const auto&... m) { return (m(i) && ...); }, masks);
  }
  interval keys(interval queries) const {
    interval seen = everywhere;
    std::apply([&](const auto&... m) { ((seen = intersect(seen, keys_of(m, queries))), ...); },
               masks);
    return seen;
  }
  coverage cover(interval queries, interval keys) const {
    coverage all = coverage::all;
    std::apply([&](const auto&... m) { ((all = both(all, cover_of(m, queries, keys))), ...); },
               masks);
    return all;
  }
};

namespace detail {

template <template <class> class Wanted, class Modifier>
auto only(const Modifier& m) {
  if constexpr (Wanted<Modifier>::value)
    return std::tuple<const Modifier&>(m);
  else
    return std::tuple<>();
}
template <class T>
struct wants_mask : std::bool_constant<mask<T>> {};
template <class T>
struct wants_score : std::bool_constant<score_rule<T>> {};

// How many of the modifiers are the setting of this name.
template <setting Setting, class... Modifiers>
consteval int times_given() {
  const auto same = []<class Other>(const Other*) {
    if constexpr (setting<Other>)
      return Setting::setting_name == Other::setting_name ? 1 : 0;
    else
      return 0;
  };
  return (0 + ... + same(static_cast<const std::remove_cvref_t<Modifiers>*>(nullptr)));
}
template <class Modifier, class... Modifiers>
consteval bool given_once() {
  if constexpr (setting<Modifier>) return times_given<Modifier, Modifiers...>() == 1;
  return true;
}

}  // namespace detail

// Refers to the modifiers, which live as long as the call.
template <class... Modifiers>
class rule_set {
  static_assert((modifier<Modifiers> && ...),
                "heed: this argument is no modifier; modifiers are masks (heed::causal, "
                "heed::where(f)), score rules (heed::soft_cap(c), heed::score(f)) and settings "
                "(heed::heads{...}, heed::scale(s)); a function of your own goes into heed::where "
                "or heed::score");
  static_assert((detail::given_once<Modifiers, Modifiers...>() && ...),
                "heed: a setting (heads, packed, scale, sink, dropout, log_sum_exp, weights, in, "
                "on) is given twice in one call");

 public:
  explicit rule_set(const Modifiers&... modifiers)
      : masks_(std::tuple_cat(detail::only<detail::wants_mask>(modifiers)...)),
        scores_(std::tuple_cat(detail::only<detail::wants_score>(modifiers)...)) {}

  auto bind(const scope& s) const {
    const auto bound = [&](const auto&... rule) { return std::tuple(heed::bind(rule, s)...); };
    return make_bound(std::apply(bound, masks_), std::apply(bound, scores_));
  }

  void check(const call_shape& shape) const {
    const auto each = [&](const auto&... rule) { (heed::check(rule, shape), ...); };
    std::apply(each, masks_);
    std::apply(each, scores_);
  }

  // Where the first query stands, if a mask says so.
  std::optional<index> first_query() const {
    std::optional<index> first;
    std::apply([&](const auto&... m) { ((first = first ? first : first_query_of(m)), ...); },
               masks_);
    return first;
  }

 private:
  using masks = decltype(std::tuple_cat(detail::only<detail::wants_mask>(std::declval<const Modifiers&>())...));
  using scores = decltype(std::tuple_cat(detail::only<detail::wants_score>(std::declval<const Modifiers&>())...));

  template <class Masks, class Scores>
  static bound_rules<Masks, Scores> make_bound(Masks masks, Scores scores) {
    return {masks, scores};
  }

  masks masks_;
  scores scores_;
};

// The settings among the modifiers of a call.
template <class Scalar, class... Modifiers>
settings<Scalar> gather_settings(const Modifiers&... modifiers) {
  settings<Scalar> gathered;
  [[maybe_unused]] const auto apply = [&](const auto& m) {
    if constexpr (setting<decltype(m)>) m.apply(gathered);
  };
  (apply(modifiers), ...);
  return gathered;
}

}  // namespace HEED_ABI
}  // namespace heed
