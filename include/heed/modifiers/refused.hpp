// SPDX-License-Identifier: MIT
// Takes the place of a modifier that a static_assert has refused, so that one mistake is one error.
#pragma once

#include <heed/core/concepts.hpp>  // mask_kind
#include <heed/modifiers/at.hpp>   // at

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A mask, since masks alone are combined with others.
struct refused {
  using heed_kind = mask_kind;
  bool operator()(at) const { return true; }
};

// false, for a static_assert that fails only where its template is instantiated.
template <class...>
inline constexpr bool false_for_any = false;

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
