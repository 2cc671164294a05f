// SPDX-License-Identifier: MIT
// A mask of your own (FlexAttention's mask_mod): any function of a pair of query and key.
//
//   std::vector<bool> padded = ...;
//   heed::attention(q, k, v, out,
//                   heed::causal && !heed::where([&](heed::at i) { return padded[i.key]; }));
#pragma once

#include <heed/modifiers/masks/mask.hpp>  // mask_kind, at
#include <heed/modifiers/refused.hpp>     // refused

#include <type_traits>  // is_invocable_r_v
#include <utility>      // move

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The mask of one sequence and head: refers to the function, which may be expensive to copy.
template <class Function>
struct bound_where {
  using heed_kind = mask_kind;
  static constexpr bool reads_memory = true;  // for all that is known
  const Function* function;

  bool operator()(at i) const { return static_cast<bool>((*function)(i)); }
};

}  // namespace detail

template <class Function>
struct where_mask {
  using heed_kind = mask_kind;
  Function function;

  detail::bound_where<Function> bind(const scope&) const { return {&function}; }
};

// True = attend. The function is called only for real queries and keys, in any order, perhaps from
// several threads at once and perhaps more than once for a pair; it must return the same result
// each time.
template <class Function>
constexpr auto where(Function function) {
  constexpr bool good = std::is_invocable_r_v<bool, const Function&, at>;
  static_assert(good, "heed::where: the function must take a heed::at and return a bool");
  if constexpr (good)
    return where_mask<Function>{std::move(function)};
  else
    return detail::refused{};
}

}  // namespace HEED_ABI
}  // namespace heed
