// SPDX-License-Identifier: MIT
// What masks and score rules cost: causal attention, 12 heads x 64, alone and with each of them.
//
//   build/native/benchmarks/benchmark_rules --benchmark_repetitions=5
#include "support/attention_case.hpp"

#include <string>
#include <vector>

namespace {

using support::attention_case;

// Causal and the given modifiers; the work counted is that of the pairs that `c` sees.
template <class... Modifiers>
void add(const std::string& name, const attention_case& c, const Modifiers&... modifiers) {
  benchmark::RegisterBenchmark((name + "/" + c.name()).c_str(), [=](benchmark::State& state) {
    support::attention_data<float> data(c);
    support::measure<float>(state, c.operations(), [&] {
      heed::attention(data.q, data.k, data.v, data.out, c.heads, modifiers...);
    });
  })->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr heed::index n = 1024;
  const attention_case causal{{12, 12}, 64, n, true};
  const attention_case full{{12, 12}, 64, n, false};
  const std::vector<char> padded(n, 0);
  const heed::matrix<float> added = heed::matrix<float>::Random(n, n);
  const heed::matrix<bool> seen = added.array() > -0.5f;  // three quarters, as nobody foresees
  const std::vector<int> ids = [&] {                      // three kinds, by chance
    std::vector<int> some;
    for (heed::index i = 0; i < n; ++i) some.push_back(static_cast<int>(1.5f + 1.5f * added(0, i)));
    return some;
  }();

  add("none", causal, heed::causal);
  add("soft_cap", causal, heed::causal, heed::soft_cap(30));
  add("alibi", causal, heed::causal, heed::alibi());
  add("score_lambda", causal, heed::causal, heed::score([](float s, heed::at i) {
        return s - 0.1f * static_cast<float>(i.query - i.key);
      }));
  add("where_lambda", causal, heed::causal, heed::where([](heed::at i) { return i.key % 8 != 3; }));
  add("where_padded", causal, heed::causal && !heed::where([&](heed::at i) {
                                return padded[static_cast<std::size_t>(i.key)] != 0;
                              }));
  add("none", full);
  add("keep", full, heed::keep(seen));
  add("where_matrix", full, heed::where([&](heed::at i) { return seen(i.row, i.key); }));
  add("documents", full, heed::documents(ids));
  add("bias", full, heed::bias(added));
  add("dropout", full, heed::dropout{.probability = 0.1, .seed = 1});
  for (const heed::index rows : {2048, 4096, 8192}) {
    const attention_case window{{12, 12}, 64, rows, true, 256};
    add("window", window, heed::causal, heed::window{.left = 256});
  }

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
