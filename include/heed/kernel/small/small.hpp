// SPDX-License-Identifier: MIT
// The kernel for at most one tile of keys.
#pragma once

#include <heed/core/measuring_memory.hpp>       // measuring_memory
#include <heed/kernel/attention_call.hpp>       // attention_call
#include <heed/kernel/prefill/attend_tile.hpp>  // attend_tile

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// For a problem of one tile: no plan, no tasks, one block of queries at a time. The steps, and so
// the bits, are those of prefill.
template <class Call>
class small_task {
 public:
  using Scalar = typename Call::Scalar;
  using block = query_block<Scalar>;

  // The most bytes of memory that a call takes.
  static constexpr index footprint(index keys, index width, index value_width) {
    measuring_memory memory;
    room::in(memory, keys, width, value_width, 2, false, 1);
    return memory.bytes();
  }

  template <class Memory>
  small_task(const Call& call, const rules_of_call<Scalar>& rules, Memory& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        room_(room::in(memory, g_.keys, g_.width, g_.value_width, call.options.sink.given() ? 2 : 1,
                       in_place(), call.damping)) {}

  // Returns whether no sum of weighted values can have overflowed.
  bool run() {
    for_each_block(
        [&](const scope& s, const tile_rules<Scalar>& rules, index row) { attend(s, rules, row); });
    return moderate_;
  }

  // The same with all callees inlined, which takes long to compile and runs faster.
  bool run_in_one_piece();

 private:
  static constexpr index lanes = queries_per_block<Scalar>;

  struct room {
    block queries;
    tile_work<Scalar> work;
    Scalar* keys;  // null if products read the caller's memory
    Scalar* values;

    template <class Memory>
    static constexpr room in(Memory& memory, index keys, index width, index value_width,
                             index states, bool in_place, Scalar damping) {
      auto* const rescale = memory.template take<Scalar>(lanes);
      const auto take = [&](index count) {
        return in_place ? nullptr : memory.template take<Scalar>(count);
      };
      return {block::in(memory, width, value_width, states, rescale, 0, lanes),
              tile_work<Scalar>::in(memory, keys, damping), take(keys_per_tile * width),
              take(keys_per_tile * value_width)};
    }
  };

  // Whether products can read keys and values in the caller's memory.
  bool in_place() const {
    return Call::keys_are_summed_as_they_are && elements_of(call_.k).col_stride == 1 &&
           elements_of(call_.v).col_stride == 1;
  }

  key_value_tile<Scalar> tile_of(index kv_head) {
    const auto k = call_.keys_of(kv_head, 0, g_.keys), v = call_.values_of(kv_head, 0, g_.keys);
    key_value_tile<Scalar> tile;
    if constexpr (Call::keys_are_summed_as_they_are)
      if (room_.keys == nullptr) tile = {k, v, true};
    if (room_.keys != nullptr) tile = {pack_keys(room_.keys, k), pack_values(room_.values, v)};
    const value_sizes sizes = sizes_of(tile.values);
    tile.finite = sizes.finite;
    moderate_ &= sizes.moderate;
    return tile;
  }

  template <class Use>
  void for_each_block(const Use& use) {
    for (index head = 0; head < g_.query_heads; ++head) {
      if (head % g_.group() == 0) tile_ = tile_of(head / g_.group());
      const scope s = g_.of(0, head);
      rules_.bind(s, [&](const tile_rules<Scalar>& rules) {
        for (index row = 0; row < g_.queries; row += lanes) use(s, rules, row);
      });
    }
  }

  HEED_FLATTENED void attend_in_one_piece(const scope& s, const tile_rules<Scalar>& rules,
                                          index row) {
    attend(s, rules, row);
  }

  void attend(const scope& s, const tile_rules<Scalar>& rules, index row) {
    room_.queries.serve(row, (std::min)(lanes, g_.queries - row));
    room_.queries.reset();
    if (call_.options.sink.given()) room_.queries.reset_to_sink(call_.sink_of(s.head));
    tile_place place{s, row, room_.queries.row_count, 0, g_.keys};
    const interval keys = intersect(rules.keys(place.queries()), {0, g_.keys});
    place.first_key = keys.first;
    place.key_count = keys.size();
    if (place.key_count > 0) {
      const coverage seen = rules.cover(place);
      call_.load(room_.queries, s);
      if (seen != coverage::none)
        attend_tile(room_.queries, tile_.part(place.first_key, place.key_count), place, rules, seen,
                    call_.drop, room_.work);
    }
    call_.finish(room_.queries, s);
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  room room_;
  key_value_tile<Scalar> tile_;
  bool moderate_ = true;  // whether all values so far are moderate
};

// Defined outside of the class, so that another file can compile it: see instances.hpp.
template <class Call>
bool small_task<Call>::run_in_one_piece() {
  for_each_block([&](const scope& s, const tile_rules<Scalar>& rules, index row) {
    attend_in_one_piece(s, rules, row);
  });
  return moderate_;
}

// Bytes of memory of a call whose Eigen types bound its sizes; 0 if they do not, or if the bytes
// are too many for a stack.
template <class Small, class Q, class K, class V>
consteval index stack_bytes() {
  constexpr index most_bytes = 64 * 1024;
  const auto known = [](index rows, index cols) {
    return rows != Eigen::Dynamic && rows <= keys_per_tile && cols != Eigen::Dynamic;
  };
  if constexpr (storage<K> && storage<V>)
    if (known(Q::MaxRowsAtCompileTime, Q::MaxColsAtCompileTime) &&
        known(K::MaxRowsAtCompileTime, K::MaxColsAtCompileTime) &&
        known(V::MaxRowsAtCompileTime, V::MaxColsAtCompileTime)) {
      const index bytes = Small::footprint(K::MaxRowsAtCompileTime, K::MaxColsAtCompileTime,
                                           V::MaxColsAtCompileTime);
      return bytes <= most_bytes ? bytes : 0;
    }
  return 0;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
