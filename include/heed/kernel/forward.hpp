// SPDX-License-Identifier: MIT
// Runs a checked call by the kernel that route.hpp selects, and recomputes results whose sums
// overflowed although the mean is finite.
#pragma once

#include <heed/kernel/decode/split_kv.hpp>  // split_kv_decoder
#include <heed/kernel/prefill/prefill.hpp>  // prefill
#include <heed/kernel/route.hpp>            // route
#include <heed/kernel/small/small.hpp>      // small_task

#include <algorithm>    // clamp
#include <cmath>        // ilogb, isfinite, isinf, isnan, ldexp
#include <limits>       // max
#include <type_traits>  // remove_cvref_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Returns whether no sum of weighted values can have overflowed.
template <class Call>
HEED_ONE_COPY bool forward_once(const Call& call, const rules_of_call<typename Call::Scalar>& rules,
                                scratch& memory) {
  switch (route(call)) {
    case path::decode:
      return split_kv_decoder<Call>(call, rules, memory,
                                    call.worth_threads() ? call.options.on.workers : 1)
          .run();
    case path::one_tile: {
      scratch::frame frame(memory);
      return small_task<Call>(call, rules, frame).run();
    }
    case path::prefill:
      break;
  }
  return prefill(call, rules, memory);
}

// The power of two by which weights are made smaller in a call whose sums overflow. It is the same
// for any number of keys, so that the bits of a row depend on no other row.
template <class Call>
int power_of_damping(const Call& call) {
  constexpr int most_keys = 32;  // in powers of two; weights are 2^(1/2) at most
  return most_keys - std::ilogb(1 - call.options.drop_probability);
}

// Whether there is a result that smaller weights can make finite.
template <class Call>
bool has_overflow(const Call& call) {
  using Scalar = typename Call::Scalar;
  using Query = std::remove_cvref_t<decltype(*call.out.data)>;
  // A number beyond the largest half is infinite, however the sum was formed.
  if constexpr (std::numeric_limits<Query>::max_exponent <
                std::numeric_limits<Scalar>::max_exponent)
    return false;
  bool all = true;
  for (index i = 0; i < call.out.rows; ++i)
    for (index j = 0; j < call.out.cols; ++j)
      all = all && std::isfinite(static_cast<Scalar>(call.out(i, j)));
  return !all;
}

// The same call with smaller weights, into memory of `frame`.
template <class Call>
Call damped(const Call& call, scratch::frame& frame) {
  using Query = std::remove_cvref_t<decltype(*call.out.data)>;
  Call again = call;
  again.damping = std::ldexp(typename Call::Scalar(1), -power_of_damping(call));
  again.out = {frame.take<Query>(call.out.rows * call.out.cols), call.out.rows, call.out.cols,
               call.out.cols, 1};
  again.options.log_sum_exp.reset();
  again.options.weights.reset();
  return again;
}

// Replaces results that are not finite by the finite results of the damped call.
template <class Call>
void take_damped(const Call& call, const Call& again) {
  using Scalar = typename Call::Scalar;
  using Query = std::remove_cvref_t<decltype(*call.out.data)>;
  const int power = power_of_damping(call);
  for (index i = 0; i < call.out.rows; ++i)
    for (index j = 0; j < call.out.cols; ++j) {
      const auto result = static_cast<Scalar>(call.out(i, j));
      const auto mended = static_cast<Scalar>(again.out(i, j));
      // A sum over infinite values that overflowed to the other sign is NaN; the damped call gives
      // the infinity.
      const bool better = std::isfinite(mended) || (std::isinf(mended) && std::isnan(result));
      if (std::isfinite(result) || !better) continue;
      const Scalar raised = std::ldexp(mended, power);
      constexpr Scalar most = (std::numeric_limits<Scalar>::max)();
      // A mean exceeds the largest number by rounding alone; with dropout, which raises
      // probabilities, a result may truly be infinite.
      const bool is_mean = call.options.drop_probability <= 0 && std::isfinite(mended);
      call.out(i, j) = static_cast<Query>(is_mean ? std::clamp(raised, -most, most) : raised);
    }
}

// Recomputes results whose sums of weighted values overflowed, though a weighted mean lies between
// its values: the whole call runs again with weights that are smaller by a power of two. Takes
// memory for a second `out`.
template <class Call>
void redo_overflow(const Call& call, const rules_of_call<typename Call::Scalar>& rules,
                   scratch& memory) {
  if (!has_overflow(call)) return;
  scratch::frame frame(memory);
  const Call again = damped(call, frame);
  forward_once(again, rules, memory);
  take_damped(call, again);
}

// A whole call without key_weights.
template <class Call>
void forward(const Call& call, const rules_of_call<typename Call::Scalar>& rules, scratch& memory) {
  if (!forward_once(call, rules, memory)) redo_overflow(call, rules, memory);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
