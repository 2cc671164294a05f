// SPDX-License-Identifier: MIT
// The machine's own limit, measured in the same run: multiply-adds a second on one thread, and on some at once.
#pragma once

#include <heed/simd/simd.hpp>
#include <heed/simd/unroll.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace support {

// Touches nothing but registers; gives how many floating-point operations that were.
template <class Scalar>
double multiply_and_add(int steps) {
  using s = heed::detail::simd<Scalar>;
  constexpr int chains = s::registers == 32 ? 20 : 12;  // enough to hide the latency
  typename s::packet sum[static_cast<std::size_t>(chains)];
  heed::detail::unroll<chains>([&](auto i) HEED_INLINED { sum[i] = s::broadcast(Scalar(i)); });
  auto a = s::broadcast(Scalar(0.999));
  auto b = s::broadcast(Scalar(0.001));
  benchmark::DoNotOptimize(a);
  benchmark::DoNotOptimize(b);
  for (int step = 0; step < steps; ++step)
    heed::detail::unroll<chains>([&](auto i)
                                     HEED_INLINED { sum[i] = s::multiply_add(sum[i], a, b); });
  Scalar kept[static_cast<std::size_t>(s::size)];
  heed::detail::unroll<chains>([&](auto i) HEED_INLINED {
    s::store(kept, sum[i]);
    benchmark::DoNotOptimize(kept);
  });
  return 2.0 * chains * steps * static_cast<double>(s::size);
}

// The most operations a second of some tries of measured(), each of which gives its operations.
template <class Measured>
double best_rate(int tries, const Measured& measured) {
  double best = 0;
  for (int attempt = 0; attempt < tries; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    const double operations = measured();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations / time.count());
  }
  return best;
}

// Floating-point operations a second on one thread; the best of a few tries of some milliseconds each.
template <class Scalar>
double peak() {
  return best_rate(5, [] { return multiply_and_add<Scalar>(200'000); });
}

// Those of all threads while they run at the same time. Two threads of one core share its multipliers, and
// then two threads can do no more than one.
template <class Scalar>
double peak(int threads) {
  std::atomic<int> waiting = threads;
  const auto work = [&](int steps) {
    --waiting;
    while (waiting > 0) {
    }
    return multiply_and_add<Scalar>(steps);
  };
  return best_rate(3, [&] {
    waiting = threads;
    std::vector<std::thread> team;
    for (int i = 1; i < threads; ++i) team.emplace_back([&] { work(5'000'000); });
    const double operations = work(5'000'000);
    for (std::thread& t : team) t.join();
    return threads * operations;
  });
}

}  // namespace support
