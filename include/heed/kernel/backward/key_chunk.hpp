// SPDX-License-Identifier: MIT
// The keys and values of one task, packed, and the sums of their gradients so far.
#pragma once

#include <heed/kernel/backward/row_products.hpp>  // feature_rows
#include <heed/modifiers/interval.hpp>            // interval
#include <heed/modifiers/scope.hpp>               // scope

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Keys of a task: several tiles, so that packing queries costs little; not too many, so that one
// sequence is work for several threads.
inline constexpr index keys_per_task = 4 * keys_per_tile;

template <class Scalar>
struct key_chunk {
  feature_rows<Scalar> keys;      // (keys, width)
  feature_rows<Scalar> values;    // (keys, value width)
  feature_rows<Scalar> d_keys;    // (keys, width)
  feature_rows<Scalar> d_values;  // (keys, value width)
  interval range;                 // within the sequence
  bool finite = true;             // whether all keys are finite

  template <class Memory>
  static key_chunk in(Memory& memory, index most, index width, index value_width) {
    const auto rows = [&](index columns) {
      return feature_rows<Scalar>::in(memory, most, columns);
    };
    return {rows(width), rows(value_width), rows(width), rows(value_width), {}};
  }

  // Packs the keys and values of a range.
  template <class Call>
  void load(const Call& call, const scope& s, index kv_head) {
    const index first = s.key_row + range.first, count = range.size();
    keys.fill(call.keys_of(kv_head, first, count));
    values.fill(call.values_of(kv_head, first, count));
    finite = all_finite(view<const Scalar>(keys.rows(0, count)));
  }
  void clear() const {
    d_keys.clear(range.size());
    d_values.clear(range.size());
  }

  // A row of the sequence as an operand A of products.
  a_operand<Scalar> key_operand(index key) const {
    return {keys.data + (key - range.first) * keys.pitch, keys.pitch};
  }
  a_operand<Scalar> value_operand(index key) const {
    return {values.data + (key - range.first) * values.pitch, values.pitch};
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
