// SPDX-License-Identifier: MIT
// Collects a call's modifiers: masks and score rules into one compile-time set, settings into plain
// values.
//
//   const heed::causal_mask mask;
//   const heed::soft_cap cap(30);
//   const auto bound = heed::gather_rules(mask, cap).bind(scope);
//   bound.sees(i);     // causal
//   bound.modify(s, i);  // soft cap
#pragma once

#include <heed/core/concepts.hpp>               // modifier
#include <heed/modifiers/masks/mask.hpp>        // mask, keys_of, cover_of, first_query_of
#include <heed/modifiers/options/settings.hpp>  // settings
#include <heed/modifiers/score_parameter.hpp>   // score_by
#include <heed/simd/choose.hpp>                 // keep_excluded

#include <ranges>  // range
#include <tuple>   // tuple, apply, tuple_cat

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Masks and score rules of one sequence and head.
template <class Masks, class Scores>
struct bound_rules;
template <class... Masks, class... Scores>
struct bound_rules<std::tuple<Masks...>, std::tuple<Scores...>> {
  std::tuple<Masks...> masks;
  std::tuple<Scores...> scores;

  static constexpr bool has_masks = sizeof...(Masks) > 0;
  static constexpr bool has_scores = sizeof...(Scores) > 0;
  static constexpr bool masks_read_memory = (reads_memory<Masks>() || ...);
  static constexpr int mask_matrices = (0 + ... + matrices<Masks>());
  static constexpr int score_matrices = (0 + ... + matrices<Scores>());

  // Score rules, left to right. A score that is -infinity excludes its key, whatever rules follow.
  template <class Scalar>
  Scalar modify(Scalar score, at i) const {
    const auto one = [&](const auto& rule) {
      score = keep_excluded(score, detail::score_by(rule, score, i));
    };
    std::apply([&](const auto&... rule) { (one(rule), ...); }, scores);
    return score;
  }

  // Masks intersect. All of them are evaluated, without a branch, as in mask_and.
  bool sees(at i) const {
    return std::apply([&](const auto&... m) { return (1 & ... & int(bool(m(i)))) != 0; }, masks);
  }

  // The same with the packed elements of the rules' matrices, which read_for_scores and
  // read_for_masks have copied.
  template <class Scalar>
  Scalar modify(Scalar score, at i, const Scalar* numbers) const {
    const auto one = [&]<class Rule>(const Rule& rule) {
      score = keep_excluded(score, modified_by(rule, score, i, numbers));
      numbers = numbers_after<Rule>(numbers);
    };
    std::apply([&](const auto&... rule) { (one(rule), ...); }, scores);
    return score;
  }
  template <class Scalar>
  bool sees(at i, const Scalar* numbers) const {
    int all = 1;
    const auto one = [&]<class Mask>(const Mask& m) {
      all &= int(seen_by(m, i, numbers));
      numbers = numbers_after<Mask>(numbers);
    };
    std::apply([&](const auto&... m) { (one(m), ...); }, masks);
    return all != 0;
  }
  template <class Scalar>
  void read_for_scores(pair_matrix_tile<Scalar> tile) const {
    std::apply([&](const auto&... rule) { (tile.read(rule), ...); }, scores);
  }
  template <class Scalar>
  void read_for_masks(pair_matrix_tile<Scalar> tile) const {
    std::apply([&](const auto&... m) { (tile.read(m), ...); }, masks);
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

// The masks and score rules of a call. Refers to the modifiers, which must live as long as the
// call.
template <class Masks, class Scores>
class rule_set {
 public:
  static constexpr bool has_scores = std::tuple_size_v<Scores> > 0;

  rule_set(Masks masks, Scores scores) : masks_(masks), scores_(scores) {}

  auto bind(const scope& s) const {
    const auto bound = [&](const auto&... rule) { return std::tuple(detail::bind(rule, s)...); };
    return make_bound(std::apply(bound, masks_), std::apply(bound, scores_));
  }

  void check(const call_shape& shape) const {
    const auto each = [&](const auto&... rule) { (detail::check(rule, shape), ...); };
    std::apply(each, masks_);
    std::apply(each, scores_);
  }

  // The position of the first query, if a mask sets it.
  std::optional<index> first_query() const {
    std::optional<index> first;
    std::apply(
        [&](const auto&... m) { ((first = same_first_query(first, first_query_of(m))), ...); },
        masks_);
    return first;
  }

 private:
  template <class BoundMasks, class BoundScores>
  static bound_rules<BoundMasks, BoundScores> make_bound(BoundMasks masks, BoundScores scores) {
    return {masks, scores};
  }

  Masks masks_;
  Scores scores_;
};

template <class Modifier>
auto only_mask(const Modifier& m) {
  if constexpr (mask<Modifier>)
    return std::tuple<const Modifier&>(m);
  else
    return std::tuple<>();
}
template <class Modifier>
auto only_score(const Modifier& m) {
  if constexpr (score_rule<Modifier>)
    return std::tuple<const Modifier&>(m);
  else
    return std::tuple<>();
}

// Whether no other modifier of the call is the same setting.
template <class Modifier, class... Modifiers>
consteval bool given_once() {
  if constexpr (setting<Modifier>) {
    const auto same = []<class Other>(const Other*) {
      if constexpr (setting<Other>)
        return Modifier::setting_name == Other::setting_name ? 1 : 0;
      else
        return 0;
    };
    return (0 + ... + same(static_cast<const Modifiers*>(nullptr))) == 1;
  } else {
    return true;
  }
}

// Refuses mistakes in a call's modifiers with a sentence at compile time; true if there is none.
template <class... Modifiers>
constexpr bool modifiers_are_good() {
  constexpr bool all = (modifier<Modifiers> && ...);
  constexpr bool matrix = (eigen_object<Modifiers> || ...);
  constexpr bool container = !matrix && (std::ranges::range<const Modifiers> || ...);
  static_assert(!matrix,
                "heed: an Eigen matrix is no modifier: the output of heed::attention comes fourth, "
                "before the modifiers, and heed::reference::attention returns its result; other "
                "matrices go into heed::bias(m), heed::keep(m), heed::log_sum_exp(m), "
                "heed::weights(m)");
  static_assert(!container,
                "heed: a container is neither an output nor a modifier: outputs are Eigen matrices "
                "(Eigen::Map makes one of other memory), and other numbers go into "
                "heed::packed{starts}, heed::documents(ids), heed::alibi(slopes), "
                "heed::sink(logits)");
  static_assert(all || matrix || container,
                "heed: this argument is no modifier; modifiers are masks (heed::causal, "
                "heed::where(f)), score rules (heed::soft_cap(c), heed::score(f)) and settings "
                "(heed::heads{...}, heed::scale(s)); a function of your own goes into heed::where "
                "or heed::score");
  if constexpr (all)
    static_assert((detail::given_once<Modifiers, Modifiers...>() && ...),
                  "heed: a setting (heads, packed, scale, sink, dropout, log_sum_exp, weights, "
                  "key_weights, in, on) is given twice in one call");
  return all && !(std::is_same_v<Modifiers, detail::refused> || ...);
}

// The masks and score rules among the modifiers of a call; kernels are compiled for these alone.
template <class... Modifiers>
auto gather_rules(const Modifiers&... modifiers) {
  return rule_set(std::tuple_cat(detail::only_mask(modifiers)...),
                  std::tuple_cat(detail::only_score(modifiers)...));
}

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

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
