// SPDX-License-Identifier: MIT
// A step of learning: forward, backward, clipping and AdamW; tokens a second, and the share of the FMA peak that
// 6 operations a weight and token are. benchmarks/peers/learning.py takes the same steps in PyTorch.
//
//   cmake --preset native && cmake --build --preset native
//   build/native/benchmarks/benchmark_learning
#include "support/peak.hpp"

#include <heed/heed.hpp>
#include <heed/train.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <string>

namespace {

struct gpt_case {
  const char* name;
  heed::index vocabulary, model, layers, heads, context, sequences;
};

constexpr gpt_case cases[] = {{"10M_weights", 256, 384, 6, 6, 256, 16},
                              {"gpt2_small", 50257, 768, 12, 12, 1024, 1}};

// Any ids do: what they are changes no time.
heed::token_batch some_batch(const gpt_case& c) {
  heed::token_batch batch;
  for (heed::index i = 0; i <= c.sequences; ++i) batch.starts.push_back(i * c.context);
  for (heed::index t = 0; t < c.sequences * c.context; ++t) {
    batch.ids.push_back(t * 7919 % c.vocabulary);
    batch.targets.push_back((t + 1) * 7919 % c.vocabulary);
  }
  return batch;
}

void step(benchmark::State& state, const gpt_case& c, int threads) {
  Eigen::ThreadPool pool(threads - 1, false);
  const heed::executor on = heed::executor_of(pool);
  heed::decoder<float> gpt({.vocabulary = c.vocabulary,
                            .positions = c.context,
                            .model = c.model,
                            .layers = c.layers,
                            .heads = c.heads});
  heed::decoder<float> gradient = heed::zeros_like(gpt);
  const auto weights = heed::parameters_of(gpt), derivatives = heed::parameters_of(gradient);
  heed::saved<heed::decoder<float>> kept;
  heed::adamw<float> optimiser({.decay = 0.1});
  const heed::token_batch batch = some_batch(c);
  const auto tokens = static_cast<double>(batch.ids.size());

  double count = 0;
  for (const auto& w : weights) count += static_cast<double>(w.size());
  const double limit = threads * support::peak<float>();
  for (auto _ : state) {
    heed::set_zero(derivatives, on);
    benchmark::DoNotOptimize(heed::loss_and_gradient(gpt, batch, 1 / tokens, kept, gradient, on));
    heed::clip_by_norm(derivatives, 1, on);
    optimiser.step(weights, derivatives, 1e-4, on);
  }
  const auto steps = static_cast<double>(state.iterations());
  state.counters["tokens/s"] = benchmark::Counter(tokens * steps, benchmark::Counter::kIsRate);
  state.counters["peak%"] =
      benchmark::Counter(100 * 6 * count * tokens * steps / limit, benchmark::Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
  for (const gpt_case& c : cases)
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
