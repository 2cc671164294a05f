// SPDX-License-Identifier: MIT
// What the caller's memory costs: number types, storage orders and strides, 12 heads x 64, causal.
//
//   build/native/benchmarks/benchmark_storage --benchmark_repetitions=5
#include "support/attention_case.hpp"

namespace {

constexpr heed::heads heads{12, 12};
constexpr heed::index width = 64;

template <class Matrix>
void type(benchmark::State& state) {
  const heed::index rows = state.range(0);
  const Eigen::MatrixXf numbers = Eigen::MatrixXf::Random(rows, heads.query * width);
  const Matrix q = numbers.cast<typename Matrix::Scalar>(), k = q, v = q;
  Matrix out(rows, q.cols());
  const support::attention_case c{heads, width, rows, true};
  support::measure<heed::accumulator_t<typename Matrix::Scalar>>(
      state, c.operations(), [&] { heed::attention(q, k, v, out, heads, heed::causal); });
}

// Every other column of a matrix twice as wide.
void inner_stride_2(benchmark::State& state) {
  using stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const heed::index rows = state.range(0), columns = heads.query * width;
  const heed::matrix<float> q = heed::matrix<float>::Random(rows, 2 * columns), k = q, v = q;
  heed::matrix<float> out(rows, columns);
  const auto half = [&](const heed::matrix<float>& m) {
    return Eigen::Map<const heed::matrix<float>, 0, stride>(m.data(), rows, columns,
                                                            stride(2 * columns, 2));
  };
  const auto q2 = half(q), k2 = half(k), v2 = half(v);
  const support::attention_case c{heads, width, rows, true};
  support::measure<float>(state, c.operations(),
                          [&] { heed::attention(q2, k2, v2, out, heads, heed::causal); });
}

BENCHMARK(type<heed::matrix<float>>)->Arg(1024)->Arg(2048)->Unit(benchmark::kMicrosecond);
BENCHMARK(type<heed::matrix<double>>)->Arg(1024)->Unit(benchmark::kMicrosecond);
BENCHMARK(type<heed::matrix<Eigen::half>>)->Arg(2048)->Unit(benchmark::kMicrosecond);
BENCHMARK(type<heed::matrix<Eigen::bfloat16>>)->Arg(2048)->Unit(benchmark::kMicrosecond);
BENCHMARK(type<Eigen::MatrixXf>)->Arg(1024)->Arg(2048)->Unit(benchmark::kMicrosecond);
BENCHMARK(inner_stride_2)->Arg(1024)->Arg(2048)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
