// SPDX-License-Identifier: MIT
// Projections, and a whole multi-head attention layer.
//
//   build/native/benchmarks/benchmark_layers --benchmark_repetitions=5
#include "support/attention_case.hpp"

#include <heed/layer/linear.hpp>
#include <heed/layer/multi_head_attention.hpp>

namespace {

constexpr heed::index model = 768;

// (rows x 768) (768 x 2304)
void linear(benchmark::State& state) {
  const heed::index rows = state.range(0), outputs = 3 * model;
  const heed::linear<float> project({.inputs = model, .outputs = outputs});
  const heed::matrix<float> x = heed::matrix<float>::Random(rows, model);
  heed::matrix<float> y(rows, outputs);
  support::measure<float>(state, 2 * static_cast<double>(rows * model * outputs),
                          [&] { project(x, y); });
}

// The same product as Eigen does it.
void eigen_product(benchmark::State& state) {
  const heed::index rows = state.range(0), outputs = 3 * model;
  const heed::matrix<float> x = heed::matrix<float>::Random(rows, model),
                            w = heed::matrix<float>::Random(model, outputs);
  heed::matrix<float> y(rows, outputs);
  support::measure<float>(state, 2 * static_cast<double>(rows * model * outputs),
                          [&] { y.noalias() = x * w; });
}

// Four projections and causal attention, 12 heads x 64.
void multi_head_attention(benchmark::State& state) {
  const heed::index rows = state.range(0);
  const heed::multi_head_attention<float> layer({.model = model, .heads = 12});
  const heed::matrix<float> x = heed::matrix<float>::Random(rows, model);
  heed::matrix<float> y(rows, model);
  const double projections = 4 * 2 * static_cast<double>(rows * model * model);
  const support::attention_case c{{12, 12}, model / 12, rows, true};
  support::measure<float>(state, projections + c.operations(), [&] { layer(x, y, heed::causal); });
}

const auto add_rows = [](auto* all) {
  for (const int rows : {1, 2, 4, 8, 16, 32, 64, 1024}) all->Arg(rows);
};
BENCHMARK(linear)->Apply(add_rows)->Unit(benchmark::kMicrosecond);
BENCHMARK(eigen_product)->Apply(add_rows)->Unit(benchmark::kMicrosecond);
BENCHMARK(multi_head_attention)->Arg(128)->Arg(1024)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
