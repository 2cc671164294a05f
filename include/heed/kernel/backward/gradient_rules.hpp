// SPDX-License-Identifier: MIT
// The rules of a call for its gradients, type-erased behind a few functions that the kernel calls
// once a tile: those of bound_rules.hpp, and the derivatives of score rules.
#pragma once

#include <heed/kernel/bound_rules.hpp>        // tile_rules, for_each_pair
#include <heed/modifiers/backward_check.hpp>  // has_bias_gradient, has_slope_gradient, ...
#include <heed/modifiers/score_slope.hpp>     // slope_from, all_add

#include <initializer_list>  // initializer_list

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The place, among the score rules, of the first for which `which` is true; the number of rules if
// there is none.
template <class... Rules>
consteval std::size_t first_true(const std::tuple<Rules...>*, std::initializer_list<bool> which) {
  std::size_t n = 0;
  for (bool one : which) {
    if (one) return n;
    ++n;
  }
  return n;
}
template <class... Rules>
consteval std::size_t place_of_bias(const std::tuple<Rules...>* rules) {
  return first_true(rules, {is_bias<Rules>...});
}
template <class... Rules>
consteval std::size_t place_of_alibi(const std::tuple<Rules...>* rules) {
  return first_true(rules, {is_alibi<Rules>...});
}
template <class... Rules>
consteval std::size_t place_of_distance_bias(const std::tuple<Rules...>* rules) {
  return first_true(rules, {is_distance_bias<Rules>...});
}

// The rules of one sequence and head. The functions below take a tile of scaled scores, (keys, lanes),
// before any rule, and leave derivatives of the changed score in its place; those that are 1 for every
// pair are null.
template <class Scalar>
struct tile_gradients {
  using function = void(const void* bound, Scalar* scores, const tile_place& place);

  tile_rules<Scalar> rules;
  const void* bound;
  function* by_score = nullptr;          // by the scaled score
  function* by_bias = nullptr;           // by the number that the bias adds
  function* by_slope = nullptr;          // by the slope of alibi
  function* by_distance_bias = nullptr;  // by the number that the bias of distances adds

  bool all_derivatives_are_one() const {
    return by_score == nullptr && by_bias == nullptr && by_slope == nullptr &&
           by_distance_bias == nullptr;
  }

  // `Modifiers` are those of the call.
  template <class... Modifiers, class Bound>
  static tile_gradients of(const Bound& bound) {
    using scores_type = decltype(Bound::scores);
    constexpr const scores_type* none = nullptr;
    tile_gradients all{tile_rules<Scalar>(bound), &bound};
    if constexpr (!all_add<0>(none)) all.by_score = &slopes<Bound, 0>;
    if constexpr ((has_bias_gradient<Modifiers> || ...)) {
      constexpr std::size_t next = place_of_bias(none) + 1;
      if constexpr (!all_add<next>(none)) all.by_bias = &slopes<Bound, next>;
    }
    if constexpr ((has_slope_gradient<Modifiers> || ...))
      all.by_slope = &slopes_of_alibi<Bound, place_of_alibi(none)>;
    if constexpr ((has_distance_gradient<Modifiers> || ...)) {
      constexpr std::size_t next = place_of_distance_bias(none) + 1;
      if constexpr (!all_add<next>(none)) all.by_distance_bias = &slopes<Bound, next>;
    }
    return all;
  }

 private:
  // By the score that comes to rule number First.
  template <class Bound, std::size_t First>
  static void slopes(const void* bound, Scalar* scores, const tile_place& place) {
    const Bound& rules = *static_cast<const Bound*>(bound);
    detail::for_each_pair<Bound::score_matrices>(
        scores, place,
        [&](Scalar score, at i, const Scalar* numbers) {
          return detail::slope_from<First>(rules.scores, score, i, numbers);
        },
        [&](const pair_matrix_tile<Scalar>& tile) { rules.read_for_scores(tile); });
  }

  // forward: alibi adds -slope distance
  template <class Bound, std::size_t Place>
  static void slopes_of_alibi(const void* bound, Scalar* scores, const tile_place& place) {
    const Bound& rules = *static_cast<const Bound*>(bound);
    detail::for_each_pair<Bound::score_matrices>(
        scores, place,
        [&](Scalar score, at i, const Scalar* numbers) {
          return -std::get<Place>(rules.scores).template distance<Scalar>(i) *
                 detail::slope_from<Place + 1>(rules.scores, score, i, numbers);
        },
        [&](const pair_matrix_tile<Scalar>& tile) { rules.read_for_scores(tile); });
  }
};

// The rules of a call.
template <class Scalar>
class gradient_rules {
 public:
  // Refers to `rules`, a rule_set.
  template <class... Modifiers, class Rules>
  static gradient_rules of(const Rules& rules) {
    return {&rules, [](const void* r, const scope& s, const void* use, user* call) {
              const auto bound = static_cast<const Rules*>(r)->bind(s);
              call(use, tile_gradients<Scalar>::template of<Modifiers...>(bound));
            }};
  }

  // Calls use(tile_gradients) with the rules of one sequence and head.
  template <class Use>
  void bind(const scope& s, const Use& use) const {
    bind_(rules_, s, &use, [](const void* u, const tile_gradients<Scalar>& bound) {
      (*static_cast<const Use*>(u))(bound);
    });
  }

 private:
  using user = void(const void* use, const tile_gradients<Scalar>&);
  using binder = void(const void*, const scope&, const void* use, user*);

  gradient_rules(const void* rules, binder* binds) : rules_(rules), bind_(binds) {}

  const void* rules_;
  binder* bind_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
