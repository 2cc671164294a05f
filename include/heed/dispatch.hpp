// SPDX-License-Identifier: MIT
// One program for all x86 machines: a function is compiled for several levels of the instruction
// set, and the best that the machine runs is picked when it is called.
//
//   // attend.hpp
//   using matrix = Eigen::Ref<const Eigen::MatrixXf>;
//   template <int Level>
//   void attend(const matrix& q, const matrix& k, const matrix& v, Eigen::Ref<Eigen::MatrixXf> out);
//
//   // attend.cpp; in CMake: heed_dispatch(app SOURCES attend.cpp LEVELS 2 3 4)
//   template <>
//   void attend<HEED_LEVEL>(const matrix& q, ...) { heed::attention(q, k, v, out, heed::causal); }
//
//   // anywhere in app
//   heed::dispatch([&](auto level) { attend<level>(q, k, v, out); });
//
// Nothing else of the program changes. See docs/dispatch.md for what may cross the line.
#pragma once

#include <heed/config.hpp>  // HEED_BUILT_LEVELS

#include <type_traits>  // integral_constant
#include <utility>      // forward, integer_sequence

namespace heed {
inline namespace HEED_ABI {

// The highest x86-64 level (2: SSE4.2; 3: AVX2 and fused multiply-add; 4: AVX-512) that this
// processor and system run; 1 if none, or on another kind of machine.
//
// System V ABI, AMD64 Architecture Processor Supplement, section 3.1.1.
[[nodiscard]] inline int machine_level() noexcept {
#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) return 1;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
    return 2;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vl"))
    return 3;
  return 4;
#else
  return 1;
#endif
}

// Calls call(level) with the first of falling levels that is no higher than `most`, as a constant; with
// the last if none is.
template <int First, int... Rest, class Call>
decltype(auto) dispatch_among(std::integer_sequence<int, First, Rest...>, int most, Call&& call) {
  if constexpr (sizeof...(Rest) > 0)
    if (First > most)
      return dispatch_among(std::integer_sequence<int, Rest...>{}, most, std::forward<Call>(call));
  return std::forward<Call>(call)(std::integral_constant<int, First>{});
}

// Calls call(level) with the highest level that was built and that this machine runs, as a constant:
// std::integral_constant<int, 3>, say. Returns what it returns. Without heed_dispatch, level 1 alone
// is built.
template <class Call>
decltype(auto) dispatch(Call&& call) {
  return dispatch_among(std::integer_sequence<int, HEED_BUILT_LEVELS>{}, machine_level(),
                        std::forward<Call>(call));
}

}  // namespace HEED_ABI
}  // namespace heed
