// SPDX-License-Identifier: MIT
// Several threads of a pool beside one; wall-clock time, share of that many cores' peak.
//
//   build/native/benchmarks/benchmark_threads --benchmark_repetitions=5
#include "support/attention_case.hpp"
#include "support/thread_counts.hpp"

#include <unsupported/Eigen/CXX11/ThreadPool>

namespace {

// 12 heads, or one.
void heads(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const heed::index count = state.range(1), rows = state.range(2);
  const support::attention_case c{{count, count}, 64, rows, true};
  support::attention_data<float> data(c);
  Eigen::ThreadPool pool(threads - 1);  // the caller works too
  heed::scratch scratch;
  support::measure<float>(state, c.operations() / threads, [&] {
    if (threads == 1)
      heed::attention(data.q, data.k, data.v, data.out, c.heads, heed::causal, heed::in(scratch));
    else
      heed::attention(data.q, data.k, data.v, data.out, c.heads, heed::causal, heed::in(scratch),
                      heed::on(pool));
  });
}
const auto add_cases = [](auto* all) {
  for (const int threads : support::thread_counts())
    for (const int count : {12, 1})
      for (const int rows : {1024, 4096}) all->Args({threads, count, rows});
};
BENCHMARK(heads)
    ->ArgNames({"threads", "heads", "rows"})
    ->Apply(add_cases)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
