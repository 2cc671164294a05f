// SPDX-License-Identifier: MIT
// The gradients of attention: share of the FMA peak, beside the forward's, on one thread and on two.
//
//   cmake --preset native && cmake --build --preset native
//   build/native/benchmarks/benchmark_backward --benchmark_repetitions=5 --benchmark_report_aggregates_only
#include "support/attention_case.hpp"

#include <heed/attention_backward.hpp>

#include <thread>
#include <vector>

namespace {

using support::attention_case;

// Threads that are made for each call.
constexpr auto on_threads = [](heed::index count, auto&& work) {
  std::vector<std::thread> team;
  for (heed::index i = 1; i < count; ++i) team.emplace_back([&work, i] { work(i); });
  work(0);
  for (auto& t : team) t.join();
};

template <class Use>
void with_mask(const attention_case& c, const Use& use) {
  if (c.window >= 0)
    use(heed::causal && heed::window{.left = c.window});
  else if (c.causal)
    use(heed::causal);
  else
    use(heed::window{});
}

struct backward_data : support::attention_data<float> {
  heed::matrix<float> d_out, lse, d_q, d_k, d_v;

  explicit backward_data(const attention_case& c)
      : attention_data(c),
        d_out(heed::matrix<float>::Random(out.rows(), out.cols())),
        lse(c.rows, c.heads.query),
        d_q(q.rows(), q.cols()),
        d_k(k.rows(), k.cols()),
        d_v(v.rows(), v.cols()) {
    forward(c);
  }

  void forward(const attention_case& c) {
    with_mask(c, [&](const auto& mask) {
      heed::attention(q, k, v, out, c.heads, heed::log_sum_exp(lse), mask);
    });
  }
};

void forward(benchmark::State& state, const attention_case& c) {
  backward_data data(c);
  support::measure<float>(state, c.operations(), [&] { data.forward(c); });
}

// Five products where the forward has two.
void backward(benchmark::State& state, const attention_case& c, heed::index threads) {
  backward_data data(c);
  heed::scratch scratch;
  support::measure<float>(state, 2.5 * c.operations(), [&] {
    with_mask(c, [&](const auto& mask) {
      heed::attention_backward(data.q, data.k, data.v, data.out, data.lse, data.d_out, data.d_q,
                               data.d_k, data.d_v, c.heads, mask, heed::in(scratch),
                               heed::on(on_threads, threads));
    });
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
