// SPDX-License-Identifier: MIT
// Compile-time checks of a call of heed::attention: one sentence for the first mistake.
#pragma once

#include <heed/modifiers/arguments.hpp>     // inputs_are_good
#include <heed/modifiers/rule_set.hpp>      // modifiers_are_good
#include <heed/modifiers/scores/score.hpp>  // scores_are_kept

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// True if q, k, v and the modifiers go together as far as their types say.
template <class Q, class K, class V, class... Modifiers>
constexpr bool call_is_good() {
  if constexpr (inputs_are_good<Q, K, V>())
    if constexpr (modifiers_are_good<Modifiers...>())
      return scores_are_kept<accumulator_t<scalar_of<Q>>, Modifiers...>();
  return false;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
