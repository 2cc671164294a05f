// SPDX-License-Identifier: MIT
// The machine's other limit, measured in the same run: bytes a second that threads read from memory.
#pragma once

#include <heed/simd/simd.hpp>
#include <heed/simd/unroll.hpp>
#include <heed/storage/prefetch.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace support {

// Sums 256 MiB front to back, each thread its share; the best of a few tries, with and without
// asking for what comes 4 KiB later, since either can be the faster.
inline double bandwidth(int threads) {
  using s = heed::detail::simd<float>;
  static const std::vector<float> memory(std::size_t(64) << 20, 1.0f);
  const std::size_t share = memory.size() / static_cast<std::size_t>(threads);
  const auto read = [&](int thread, bool ask) {
    const float* const from = memory.data() + static_cast<std::size_t>(thread) * share;
    constexpr int chains = 8;
    typename s::packet sum[chains];
    heed::detail::unroll<chains>([&](auto i) HEED_INLINED { sum[i] = s::broadcast(0.0f); });
    constexpr std::size_t step = chains * s::size, line = 64 / sizeof(float), later = 1024;
    for (std::size_t at = 0; at + step <= share; at += step) {
      if (ask && at + step + later <= share)
        for (std::size_t i = 0; i < step; i += line) heed::detail::prefetch(from + at + later + i);
      heed::detail::unroll<chains>(
          [&](auto i) HEED_INLINED { sum[i] = s::add(sum[i], s::load(from + at + i * s::size)); });
    }
    float kept[static_cast<std::size_t>(s::size)];
    heed::detail::unroll<chains>([&](auto i) HEED_INLINED {
      s::store(kept, sum[i]);
      benchmark::DoNotOptimize(kept);
    });
  };
  double best = 0;
  for (int attempt = 0; attempt < 6; ++attempt) {
    const bool ask = attempt % 2 == 1;
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> team;
    for (int thread = 1; thread < threads; ++thread) team.emplace_back(read, thread, ask);
    read(0, ask);
    for (auto& t : team) t.join();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, 4.0 * static_cast<double>(memory.size()) / time.count());
  }
  return best;
}

}  // namespace support
