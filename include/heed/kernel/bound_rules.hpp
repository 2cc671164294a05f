// SPDX-License-Identifier: MIT
// The rules of a call, type-erased behind a few functions that kernels call a few times a tile, so
// that a kernel is not compiled for every set of rules. The loops over pairs are compiled for each
// set.
#pragma once

#include <heed/kernel/apply_rules.hpp>  // apply_rules, tile_place

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The rules of one sequence and head.
template <class Scalar>
class tile_rules {
 public:
  // Refers to `bound`.
  template <class Bound>
  explicit tile_rules(const Bound& bound)
      : bound_(&bound),
        keys_([](const void* b, interval queries) { return of<Bound>(b).keys(queries); }),
        cover_([](const void* b, interval queries, interval keys) {
          return of<Bound>(b).cover(queries, keys);
        }),
        apply_([](const void* b, Scalar* scores, const tile_place& place, coverage seen) {
          detail::apply_rules(scores, place, of<Bound>(b), seen);
        }) {}

  // An interval that holds all keys that the queries may see.
  interval keys(interval queries) const { return keys_(bound_, queries); }
  // Whether the queries of a tile see none, some or all of its keys.
  coverage cover(const tile_place& place) const {
    return cover_(bound_, place.queries(), place.keys());
  }
  // Applies score rules, then masks.
  void apply(Scalar* scores, const tile_place& place, coverage seen) const {
    apply_(bound_, scores, place, seen);
  }

 private:
  template <class Bound>
  static const Bound& of(const void* bound) {
    return *static_cast<const Bound*>(bound);
  }

  const void* bound_;
  interval (*keys_)(const void*, interval);
  coverage (*cover_)(const void*, interval, interval);
  void (*apply_)(const void*, Scalar*, const tile_place&, coverage);
};

template <class Scalar>
class rules_of_call {
 public:
  // Refers to `rules`, a rule_set.
  template <class Rules>
  explicit rules_of_call(const Rules& rules)
      : rules_(&rules), bind_([](const void* r, const scope& s, const void* use, user* call) {
          const auto bound = static_cast<const Rules*>(r)->bind(s);
          call(use, tile_rules<Scalar>(bound));
        }) {}

  // Calls use(tile_rules) with the rules of one sequence and head.
  template <class Use>
  void bind(const scope& s, const Use& use) const {
    bind_(rules_, s, &use, [](const void* u, const tile_rules<Scalar>& bound) {
      (*static_cast<const Use*>(u))(bound);
    });
  }

 private:
  using user = void(const void* use, const tile_rules<Scalar>&);

  const void* rules_;
  void (*bind_)(const void*, const scope&, const void* use, user*);
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
