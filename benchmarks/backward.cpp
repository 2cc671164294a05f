// SPDX-License-Identifier: MIT
// The gradients of attention: share of the FMA peak, beside the forward's, on one thread and on two.
//
//   cmake --preset native && cmake --build --preset native
//   build/native/benchmarks/benchmark_backward --benchmark_repetitions=5 --benchmark_report_aggregates_only
#include "support/backward_data.hpp"

#include <thread>
#include <vector>

namespace {

using support::attention_case;
using support::backward_data;

// Threads that are made for each call.
constexpr auto on_threads = [](heed::index count, auto&& work) {
  std::vector<std::thread> team;
  for (heed::index i = 1; i < count; ++i) team.emplace_back([&work, i] { work(i); });
  work(0);
  for (auto& t : team) t.join();
};

void forward(benchmark::State& state, const attention_case& c) {
  backward_data data(c);
  support::measure<float>(state, c.operations(), [&] { data.forward(c); });
}

void backward(benchmark::State& state, const attention_case& c, heed::index threads) {
  backward_data data(c);
  data.forward(c);
  heed::scratch scratch;
  support::measure<float>(state, 2.5 * c.operations(), [&] {
    data.backward(c, heed::in(scratch), heed::on(on_threads, threads));
  });
  state.counters["scratch KiB"] = static_cast<double>(scratch.bytes()) / 1024;
}

std::vector<attention_case> cases() {
  std::vector<attention_case> all;
  for (const heed::index rows : {1024, 4096})
    for (const bool causal : {true, false}) {
      all.push_back({{12, 12}, 64, rows, causal});
      all.push_back({{16, 4}, 128, rows, causal});
    }
  all.push_back({{12, 12}, 64, 8192, true, 256});
  for (const heed::index rows : {1024, 4096}) all.push_back({{1, 1}, 64, rows, true});
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const auto register_one = [](const std::string& name, const auto& run, const auto&... arguments) {
    benchmark::RegisterBenchmark(name.c_str(), run, arguments...)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  };
  for (const auto& c : cases()) {
    register_one("forward/" + c.name(), forward, c);
    register_one("backward/" + c.name(), backward, c, heed::index(1));
    register_one("backward/" + c.name() + "/2_threads", backward, c, heed::index(2));
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
