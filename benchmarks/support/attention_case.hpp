// SPDX-License-Identifier: MIT
// One attention problem to be timed, and the work that is useful in it.
#pragma once

#include <heed/attention.hpp>

#include "support/peak.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace support {

struct attention_case {
  heed::heads heads;
  heed::index width;
  heed::index rows;  // of q, k and v
  bool causal;
  heed::index window = -1;  // keys before a causal query, if there is a limit

  std::string name() const {
    return std::string(causal ? "causal" : "full") +
           (window < 0 ? "" : "_window" + std::to_string(window)) + "/" +
           std::to_string(heads.query) + "over" + std::to_string(heads.kv) + "x" +
           std::to_string(width) + "/n" + std::to_string(rows);
  }

  // 4 * heads * width * attended pairs: two products of two operations each.
  double operations() const {
    const auto n = static_cast<double>(rows);
    double pairs = causal ? n * (n + 1) / 2 : n * n;
    if (const auto hidden = static_cast<double>(rows - 1 - window); window >= 0 && hidden > 0)
      pairs -= hidden * (hidden + 1) / 2;
    return 4 * static_cast<double>(heads.query * width) * pairs;
  }
};

template <class Scalar>
struct attention_data {
  heed::matrix<Scalar> q, k, v, out;

  explicit attention_data(const attention_case& c)
      : q(heed::matrix<Scalar>::Random(c.rows, c.heads.query * c.width)),
        k(heed::matrix<Scalar>::Random(c.rows, c.heads.kv * c.width)),
        v(heed::matrix<Scalar>::Random(c.rows, c.heads.kv * c.width)),
        out(c.rows, c.heads.query * c.width) {}
};

// Reports GFLOP/s of useful work, and its share of a peak.
inline void report(benchmark::State& state, double operations, double peak) {
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(operations * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["peak%"] = Counter(100 * operations / peak, Counter::kIsIterationInvariantRate);
}

// Times call() and reports GFLOP/s of useful work, and its share of the peak measured just before.
template <class Scalar, class Call>
void measure(benchmark::State& state, double operations, const Call& call) {
  const double limit = peak<Scalar>();
  for (auto _ : state) {
    call();
    benchmark::ClobberMemory();
  }
  report(state, operations, limit);
}

}  // namespace support
