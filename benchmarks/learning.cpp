// SPDX-License-Identifier: MIT
// A step of learning: forward, backward, clipping and AdamW; tokens a second, and the share of the FMA peak that
// 6 operations a weight and token are. benchmarks/peers/learning.py takes the same steps in PyTorch.
//
//   cmake --preset native && cmake --build --preset native
//   build/native/benchmarks/benchmark_learning
#include "support/learner.hpp"
#include "support/peak.hpp"

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <string>

namespace {

void step(benchmark::State& state, const support::gpt_case& c, int threads) {
  Eigen::ThreadPool pool(threads - 1, false);
  support::learner gpt(c, heed::executor_of(pool));
  const double limit = support::peak<float>(threads);
  for (auto _ : state) gpt.step();
  const auto steps = static_cast<double>(state.iterations());
  state.counters["tokens/s"] =
      benchmark::Counter(gpt.tokens() * steps, benchmark::Counter::kIsRate);
  state.counters["peak%"] =
      benchmark::Counter(100 * gpt.operations() * steps / limit, benchmark::Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
  for (const support::gpt_case& c : support::gpt_cases)
    for (const int threads : {1, 2})
      benchmark::RegisterBenchmark(
          (std::string(c.name) + "/" + std::to_string(threads) + "_threads").c_str(), step, c,
          threads)
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime()
          ->MeasureProcessCPUTime();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
