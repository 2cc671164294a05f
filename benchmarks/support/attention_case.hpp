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

  std::string name() const {
    return std::string(causal ? "causal/" : "full/") + std::to_string(heads.query) + "over" +
           std::to_string(heads.kv) + "x" + std::to_string(width) + "/n" + std::to_string(rows);
  }

  // 4 * heads * width * attended pairs: two products of two operations each.
  double operations() const {
    const auto n = static_cast<double>(rows);
    const double pairs = causal ? n * (n + 1) / 2 : n * n;
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

// Reports GFLOP/s of useful work, and its share of the peak measured just before.
inline void report(benchmark::State& state, double operations, double peak) {
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(operations * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["peak%"] = Counter(100 * operations / peak, Counter::kIsIterationInvariantRate);
}

}  // namespace support
