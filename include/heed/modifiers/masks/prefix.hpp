// SPDX-License-Identifier: MIT
// The first keys only: prefix(n) for a prompt that all may see, key_length(n) for padded keys.
//
//   heed::attention(q, k, v, out, heed::causal || heed::prefix(16));  // prefix language model
//   heed::attention(q, k, v, out, heed::key_length(17));              // rows from 17 are padding
#pragma once

#include <heed/modifiers/masks/mask.hpp>  // mask_kind, at, interval, coverage

namespace heed {
inline namespace HEED_ABI {

// Keys 0 ... count - 1.
struct prefix {
  using heed_kind = mask_kind;
  index count;

  constexpr explicit prefix(index keys) : count(keys) {}

  bool operator()(at i) const { return i.key < count; }
  interval keys(interval) const { return {-far_away, count}; }
  coverage cover(interval, interval keys) const {
    if (keys.first >= count) return coverage::none;
    return keys.last <= count ? coverage::all : coverage::some;
  }
  void check(const call_shape& shape) const {
    detail::require(count >= 0, shape.verb, ": prefix is ", count, ", which is negative");
  }
};

// Keys 0 ... length - 1 are real and later ones are padding, in every sequence. Causal queries stay
// aligned to the last row of k; say causal_from(p) where they stand elsewhere.
struct key_length : prefix {
  using prefix::prefix;

  void check(const call_shape& shape) const {
    detail::require(count >= 0 && count <= shape.longest_keys, shape.verb, ": key_length is ",
                    count, ", but there are ", shape.longest_keys, " keys");
  }
};

}  // namespace HEED_ABI
}  // namespace heed
