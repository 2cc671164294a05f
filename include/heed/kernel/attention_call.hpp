// SPDX-License-Identifier: MIT
// What a kernel is given: views, sizes that have been checked, and settings.
#pragma once

#include <heed/rules/geometry.hpp>  // geometry, settings, view

#include <cmath>  // sqrt

namespace heed {
inline namespace HEED_ABI {

// One checked call.
template <class Storage>
struct attention_call {
  using Scalar = accumulator_t<Storage>;
  view<const Storage> q;  // (queries, query heads * width)
  view<const Storage> k;  // (keys, kv heads * width)
  view<const Storage> v;  // (keys, kv heads * value width)
  view<Storage> out;      // (queries, query heads * value width)
  geometry sizes;
  settings<Scalar> options;

  double scale() const {
    return options.scale.value_or(1 / std::sqrt(static_cast<double>(sizes.width)));
  }
};

}  // namespace HEED_ABI
}  // namespace heed
