// SPDX-License-Identifier: MIT
// Attention forward on one thread: heed beside the plain formula in Eigen.
//
//   cmake --preset native && cmake --build --preset native
//   build/native/benchmarks/benchmark_forward --benchmark_repetitions=5 --benchmark_report_aggregates_only
#include "support/attention_case.hpp"

#include <limits>
#include <vector>

namespace {

using support::attention_case;

void heed_attention(benchmark::State& state, const attention_case& c) {
  support::attention_data<float> data(c);
  support::measure<float>(state, c.operations(), [&] {
    if (c.causal)
      heed::attention(data.q, data.k, data.v, data.out, c.heads, heed::causal);
    else
      heed::attention(data.q, data.k, data.v, data.out, c.heads);
  });
}

// Sizes that the Eigen types know.
template <int Rows>
void fixed_size(benchmark::State& state) {
  using rows_type = Eigen::Matrix<float, Rows, 4 * 16, Eigen::RowMajor>;
  const attention_case c{{4, 4}, 16, Rows, true};
  const rows_type q = rows_type::Random(), k = rows_type::Random(), v = rows_type::Random();
  rows_type out;
  support::measure<float>(state, c.operations(),
                          [&] { heed::attention(q, k, v, out, c.heads, heed::causal); });
}

// A long sequence seen through a window, and the working memory that it takes.
void long_sequence(benchmark::State& state, const attention_case& c) {
  support::attention_data<float> data(c);
  heed::scratch scratch;
  support::measure<float>(state, c.operations(), [&] {
    heed::attention(data.q, data.k, data.v, data.out, c.heads, heed::causal,
                    heed::window{.left = c.window}, heed::in(scratch));
  });
  state.counters["scratch KiB"] = static_cast<double>(scratch.bytes()) / 1024;
}

// softmax(q kᵀ / √width) v, head by head, as one writes it with Eigen.
void eigen_formula(benchmark::State& state, const attention_case& c) {
  support::attention_data<float> data(c);
  const float scale = 1 / std::sqrt(static_cast<float>(c.width));
  heed::matrix<float> scores(c.rows, c.rows);
  support::measure<float>(state, c.operations(), [&] {
    for (heed::index h = 0; h < c.heads.query; ++h) {
      const heed::index kv = h / (c.heads.query / c.heads.kv);
      scores.noalias() = data.q.middleCols(h * c.width, c.width) *
                         data.k.middleCols(kv * c.width, c.width).transpose();
      scores *= scale;
      if (c.causal)
        for (heed::index i = 0; i < c.rows; ++i)
          scores.row(i).tail(c.rows - 1 - i).setConstant(-std::numeric_limits<float>::infinity());
      for (heed::index i = 0; i < c.rows; ++i) {
        auto row = scores.row(i).array();
        row = (row - row.maxCoeff()).exp();
        row /= row.sum();
      }
      data.out.middleCols(h * c.width, c.width).noalias() =
          scores * data.v.middleCols(kv * c.width, c.width);
    }
  });
}

std::vector<attention_case> cases() {
  std::vector<attention_case> all;
  for (const bool causal : {true, false}) {
    for (const heed::index rows : {128, 256, 512, 1024, 2048, 4096, 8192})
      all.push_back({{12, 12}, 64, rows, causal});
    for (const heed::index rows : {128, 1024, 2048, 4096})
      all.push_back({{32, 8}, 128, rows, causal});
  }
  for (const heed::index rows : {16, 64}) all.push_back({{4, 4}, 16, rows, true});
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& c : cases()) {
    benchmark::RegisterBenchmark(("heed/" + c.name()).c_str(), heed_attention, c)
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("eigen/" + c.name()).c_str(), eigen_formula, c)
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RegisterBenchmark("heed/causal_fixed/4over4x16/n16", fixed_size<16>)
      ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("heed/causal_fixed/4over4x16/n64", fixed_size<64>)
      ->Unit(benchmark::kMicrosecond);
  const attention_case c{{1, 1}, 64, 131'072, true, 4096};
  benchmark::RegisterBenchmark(("heed/" + c.name()).c_str(), long_sequence, c)
      ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
