// SPDX-License-Identifier: MIT
// Runs a checked call by the kernel that route.hpp names, and mends sums that overflowed on the way to
// a finite mean.
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

// Says whether no sum of weighted values can have overflowed.
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

// By which power of two weights are made smaller in a call whose sums overflow. It is the same for any
// number of keys, and so a row's bits depend on no other row.
template <class Call>
int power_of_damping(const Call& call) {
  constexpr int most_keys = 32;  // in powers of two; weights are 2^(1/2) at most
  return most_keys - std::ilogb(1 - call.options.drop_probability);
}

// Whether there is a result that a smaller weight may mend.
template <class Call>
bool wants_mending(const Call& call) {
  using Scalar = typename Call::Scalar;
  using Query = std::remove_cvref_t<decltype(*call.out.data)>;
  // What half cannot hold is infinite, however it was summed.
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

// Results of the damped call that are finite take the place of those that are not.
template <class Call>
void take_damped(const Call& call, const Call& again) {
  using Scalar = typename Call::Scalar;
  using Query = std::remove_cvref_t<decltype(*call.out.data)>;
  const int power = power_of_damping(call);
  for (index i = 0; i < call.out.rows; ++i)
    for (index j = 0; j < call.out.cols; ++j) {
      const auto result = static_cast<Scalar>(call.out(i, j));
      const auto mended = static_cast<Scalar>(again.out(i, j));
      // Infinite values make NaN of sums that overflow to the other side, and come through here.
      const bool better = std::isfinite(mended) || (std::isinf(mended) && std::isnan(result));
      if (std::isfinite(result) || !better) continue;
      const Scalar raised = std::ldexp(mended, power);
      constexpr Scalar most = (std::numeric_limits<Scalar>::max)();
      // A mean is beyond the largest number by rounding alone; what dropout has raised may be infinite.
      const bool is_mean = call.options.drop_probability <= 0 && std::isfinite(mended);
      call.out(i, j) = static_cast<Query>(is_mean ? std::clamp(raised, -most, most) : raised);
    }
}

// Mends results whose sums of weighted values overflowed, though a weighted mean lies between its
// values: all is done again with weights that are a power of two smaller. Takes memory for a second
// `out`.
template <class Call>
void mend_overflow(const Call& call, const rules_of_call<typename Call::Scalar>& rules,
                   scratch& memory) {
  if (!wants_mending(call)) return;
  scratch::frame frame(memory);
  const Call again = damped(call, frame);
  forward_once(again, rules, memory);
  take_damped(call, again);
}

// The whole of a call but for key_weights.
template <class Call>
void forward(const Call& call, const rules_of_call<typename Call::Scalar>& rules, scratch& memory) {
  if (!forward_once(call, rules, memory)) mend_overflow(call, rules, memory);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
