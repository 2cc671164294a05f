// SPDX-License-Identifier: MIT
// Decoding: few queries over many keys. Keys and values are read once, so what limits is how fast the
// machine reads; the share is that of the speed at which it reads memory here and now.
//
//   build/native/benchmarks/benchmark_decode --benchmark_repetitions=5
#include "support/attention_case.hpp"
#include "support/bandwidth.hpp"
#include "support/thread_counts.hpp"

#include <heed/cache/kv_cache.hpp>
#include <heed/cache/kv_caches.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

enum class keys_in { cache, rows, columns };  // the others are Eigen's own matrices

struct decode_case {
  std::string name;
  heed::heads heads;
  heed::index width;
  heed::index queries;
  std::vector<heed::index> keys;  // of each sequence
  int threads;
  keys_in where = keys_in::cache;

  heed::index all_keys() const { return std::accumulate(keys.begin(), keys.end(), heed::index(0)); }
};

// Queries and results are of float, whatever holds keys and values.
template <class Storage>
void decode(benchmark::State& state, const decode_case& c) {
  using matrix = heed::matrix<float>;
  const auto sequences = static_cast<heed::index>(c.keys.size());
  const auto random = [&](heed::index rows, heed::index heads) -> matrix {
    return matrix::Random(rows, heads * c.width);
  };
  const matrix q = random(sequences * c.queries, c.heads.query);
  matrix out(q.rows(), q.cols());
  Eigen::ThreadPool pool(c.threads - 1);  // the caller works too
  heed::scratch scratch;

  const double bandwidth = support::bandwidth(c.threads), peak = support::peak<float>() * c.threads;
  const auto measure = [&](const auto& k, const auto& v, const auto&... more) {
    for (auto _ : state) {
      const auto call = [&](const auto&... threads) {
        heed::attention(q, k, v, out, c.heads, heed::causal, heed::in(scratch), more...,
                        threads...);
      };
      c.threads == 1 ? call() : call(heed::on(pool));
      benchmark::ClobberMemory();
    }
  };
  if (sequences == 1) {
    const matrix k = random(c.all_keys(), c.heads.kv), v = random(c.all_keys(), c.heads.kv);
    heed::kv_cache<Storage> cache(
        {.capacity = c.all_keys(), .heads = c.heads.kv, .width = c.width});
    cache.append(k, v);
    if (c.where == keys_in::cache)
      measure(cache.keys(), cache.values());
    else if constexpr (std::is_same_v<Storage, float>)
      c.where == keys_in::rows ? measure(k, v) : measure(Eigen::MatrixXf(k), Eigen::MatrixXf(v));
  } else {
    heed::kv_caches<Storage> caches({.sequences = sequences,
                                     .capacity = *std::max_element(c.keys.begin(), c.keys.end()),
                                     .heads = c.heads.kv,
                                     .width = c.width});
    std::vector<heed::index> query_starts{0};
    for (heed::index i = 0; i < sequences; ++i) {
      const heed::index keys = c.keys[static_cast<std::size_t>(i)];
      caches.append(i, random(keys, c.heads.kv), random(keys, c.heads.kv));
      query_starts.push_back(query_starts.back() + c.queries);
    }
    measure(caches.keys(), caches.values(), caches.batch(query_starts));
  }
  using benchmark::Counter;
  double bytes = 2.0 * static_cast<double>(c.all_keys() * c.heads.kv * c.width) * sizeof(Storage);
  if (sizeof(Storage) == 1)  // 8-bit integers have a scale a row and head
    bytes += 2.0 * static_cast<double>(c.all_keys() * c.heads.kv) * sizeof(float);
  const double operations = 4.0 * static_cast<double>(c.queries * c.heads.query * c.width) *
                            static_cast<double>(c.all_keys());
  state.counters["GB/s"] = Counter(bytes * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["read%"] = Counter(100 * bytes / bandwidth, Counter::kIsIterationInvariantRate);
  state.counters["peak%"] = Counter(100 * operations / peak, Counter::kIsIterationInvariantRate);
}

template <class Storage>
void add(const char* type, const decode_case& c) {
  benchmark::RegisterBenchmark(
      (std::string(type) + "/" + c.name + "/threads" + std::to_string(c.threads)).c_str(),
      decode<Storage>, c)
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  for (const int threads : support::thread_counts()) {
    for (const heed::index keys : {256, 4096, 16384})
      add<float>("float",
                 {"32over8x128/keys" + std::to_string(keys), {32, 8}, 128, 1, {keys}, threads});
    for (const heed::index keys : {4096, 16384}) {
      const decode_case c{
          "32over8x128/keys" + std::to_string(keys), {32, 8}, 128, 1, {keys}, threads};
      add<Eigen::half>("half", c);
      add<Eigen::bfloat16>("bfloat16", c);
      add<std::int8_t>("8bit", c);
    }
    for (const heed::index keys : {256, 4096})
      for (const auto& [where, name] :
           {std::pair(keys_in::rows, "rows"), {keys_in::columns, "columns"}})
        add<float>("float", {std::string("32over8x128/by_") + name + "/keys" + std::to_string(keys),
                             {32, 8},
                             128,
                             1,
                             {keys},
                             threads,
                             where});
    add<float>("float", {"12over12x64/keys8192", {12, 12}, 64, 1, {8192}, threads});
    for (const heed::index queries : {2, 4, 8, 16})
      add<float>("float", {"32over8x128/queries" + std::to_string(queries) + "/keys4096",
                           {32, 8},
                           128,
                           queries,
                           {4096},
                           threads});
    add<float>("float", {"32over8x128/sequences8",
                         {32, 8},
                         128,
                         1,
                         {100, 300, 700, 1500, 2500, 4000, 6000, 8000},
                         threads});
  }
  add<float>("float", {"4over4x16/keys64", {4, 4}, 16, 1, {64}, 1});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
