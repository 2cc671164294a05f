// SPDX-License-Identifier: MIT
// The same as forward.hpp for a problem of one tile: no plan, no tasks, one block at a time. The
// steps are the same, and so are the bits.
#pragma once

#include <heed/core/scratch.hpp>                // granule
#include <heed/kernel/attention_call.hpp>       // attention_call
#include <heed/kernel/prefill/attend_tile.hpp>  // attend_tile

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Whether a call is such a problem. Probabilities are the larger kernel's.
template <class Call>
bool is_small(const Call& call) {
  const problem& g = call.sizes;
  return g.queries <= keys_per_tile && g.keys <= keys_per_tile && !call.options.packed &&
         !call.options.weights && (call.options.on.workers <= 1 || !call.worth_threads());
}

template <class Call>
class small_task {
 public:
  using Scalar = typename Call::Scalar;
  using block = query_block<Scalar>;

  // Bytes that it takes from memory, roundings included.
  static constexpr index footprint(index keys, index width, index value_width) {
    constexpr index takes = 14;
    const index numbers =
        lanes * (width + 2 * (value_width + 2) + 1 + keys) + keys_per_tile * (width + value_width);
    return numbers * static_cast<index>(sizeof(Scalar)) + lanes * keys + takes * scratch::granule;
  }

  template <class Memory>
  small_task(const Call& call, const rules_of_call<Scalar>& rules, Memory& memory)
      : call_(call),
        g_(call.sizes),
        rules_(rules),
        block_(block::in(memory, g_, call.options.sink.given() ? 2 : 1,
                         memory.template take<Scalar>(lanes), 0, lanes)),
        work_(tile_work<Scalar>::in(memory, g_.keys, call.damping)) {
    if (in_place()) return;
    key_room_ = memory.template take<Scalar>(keys_per_tile * g_.width);
    value_room_ = memory.template take<Scalar>(keys_per_tile * g_.value_width);
  }

  // Says whether no sum of weighted values can have overflowed.
  bool run() {
    for_each_block(
        [&](const scope& s, const tile_rules<Scalar>& rules, index row) { attend(s, rules, row); });
    return moderate_;
  }

  // The same with all that it calls written out, which takes long to compile and is a good part
  // faster.
  bool run_in_one_piece();

 private:
  static constexpr index lanes = queries_per_block<Scalar>;

  // Whether products can read keys and values where they lie.
  bool in_place() const {
    return Call::keys_are_summed_as_they_are && elements_of(call_.k).col_stride == 1 &&
           elements_of(call_.v).col_stride == 1;
  }

  key_value_tile<Scalar> tile_of(index kv_head) {
    const auto k = call_.keys_of(kv_head, 0, g_.keys), v = call_.values_of(kv_head, 0, g_.keys);
    key_value_tile<Scalar> tile;
    if constexpr (Call::keys_are_summed_as_they_are)
      if (key_room_ == nullptr) tile = {k, v, true};
    if (key_room_ != nullptr) tile = {pack_keys(key_room_, k), pack_values(value_room_, v)};
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
    block_.serve(row, (std::min)(lanes, g_.queries - row));
    block_.reset();
    if (call_.options.sink.given()) block_.reset_to_sink(call_.sink_of(s.head));
    tile_place place{s, row, block_.row_count, 0, g_.keys};
    const interval keys = intersect(rules.keys(place.queries()), {0, g_.keys});
    place.first_key = keys.first;
    place.key_count = keys.size();
    if (place.key_count > 0) {
      const coverage seen = rules.cover(place);
      call_.load(block_, s);
      if (seen != coverage::none)
        attend_tile(block_, tile_.part(place.first_key, place.key_count), place, rules, seen,
                    call_.drop, work_);
    }
    call_.finish(block_, s);
  }

  const Call& call_;
  const problem& g_;
  const rules_of_call<Scalar>& rules_;
  block block_;
  tile_work<Scalar> work_;
  Scalar* key_room_ = nullptr;  // unless keys and values are read where they lie
  Scalar* value_room_ = nullptr;
  key_value_tile<Scalar> tile_;
  bool moderate_ = true;  // whether all values so far are
};

// Outside of its class, since another file can then compile it: see instances.hpp.
template <class Call>
bool small_task<Call>::run_in_one_piece() {
  for_each_block([&](const scope& s, const tile_rules<Scalar>& rules, index row) {
    attend_in_one_piece(s, rules, row);
  });
  return moderate_;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
