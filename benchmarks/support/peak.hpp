// SPDX-License-Identifier: MIT
// The machine's own limit, measured in the same run: multiply-adds a second on one thread.
#pragma once

#include <heed/simd/simd.hpp>
#include <heed/simd/unroll.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

namespace support {

// Floating-point operations a second when nothing but registers is touched; the best of a few
// tries of some milliseconds each.
template <class Scalar>
double peak() {
  using s = heed::detail::simd<Scalar>;
  constexpr int chains = s::registers == 32 ? 20 : 12;  // enough to hide the latency
  constexpr int steps = 200'000;
  double best = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    typename s::packet sum[static_cast<std::size_t>(chains)];
    heed::detail::unroll<chains>([&](auto i) HEED_INLINED { sum[i] = s::broadcast(Scalar(i)); });
    auto a = s::broadcast(Scalar(0.999));
    auto b = s::broadcast(Scalar(0.001));
    benchmark::DoNotOptimize(a);
    benchmark::DoNotOptimize(b);
    const auto start = std::chrono::steady_clock::now();
    for (int step = 0; step < steps; ++step)
      heed::detail::unroll<chains>([&](auto i)
                                       HEED_INLINED { sum[i] = s::multiply_add(sum[i], a, b); });
    Scalar kept[static_cast<std::size_t>(s::size)];
    heed::detail::unroll<chains>([&](auto i) HEED_INLINED {
      s::store(kept, sum[i]);
      benchmark::DoNotOptimize(kept);
    });
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * chains * steps * static_cast<double>(s::size) / time.count());
  }
  return best;
}

}  // namespace support
