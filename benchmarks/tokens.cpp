// SPDX-License-Identifier: MIT
// Generation, one token at a time: every weight is read once, so what limits is how fast the machine reads.
// The share is that of the speed at which it reads memory here and now, over the bytes of weights and cache.
// "unpack" is a product of one row with weights that stay in the second cache: what instructions alone allow.
// "unpack_rows" has weights by rows, as a file has them, instead of packed panels.
//
//   build/native/benchmarks/benchmark_tokens --benchmark_repetitions=5
#include "support/bandwidth.hpp"
#include "support/thread_counts.hpp"

#include <heed/gemm/all_stored_kernels.hpp>
#include <heed/gemm/pack_stored.hpp>
#include <heed/model/decoder.hpp>

#include <benchmark/benchmark.h>
#include <unsupported/Eigen/CXX11/ThreadPool>

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace {

constexpr heed::index prompt = 64;  // tokens in the cache

// Numbers of some dtype at random, all finite: no byte makes the largest exponent. Packed, as a model has
// them once it is loaded, or by rows, as a mapped file has them.
heed::stored_matrix random_weights(heed::dtype type, heed::index outputs, heed::index inputs,
                                   bool rows = false) {
  const auto bytes = std::make_shared<std::vector<std::byte>>(
      static_cast<std::size_t>(heed::bytes_of(type, outputs * inputs)));
  std::uint32_t random = 1;
  for (std::byte& byte : *bytes) {
    random = random * 1664525 + 1013904223;
    byte = static_cast<std::byte>((random >> 24) % 0x3C);
  }
  heed::stored_matrix numbers{type, outputs, inputs, bytes->data(), bytes, nullptr};
  if (!rows) heed::detail::pack_stored(numbers);
  return numbers;
}

// A decoder whose weights are stored in one dtype after the other. As in a model that has been loaded, the
// head is a layer of its own, though its numbers are those of the tokens' vectors.
class model {
 public:
  explicit model(const heed::decoder_sizes& sizes) : gpt_(sizes) {
    gpt_.head.weight = heed::matrix<float>(gpt_.words.weight.transpose());
    weights_.push_back(&gpt_.head.weight);
    for (auto& block : gpt_.blocks) {
      auto& a = block.attention;
      auto& f = std::get<heed::feed_forward<float>>(block.feed);
      for (auto* layer : {&a.query, &a.key, &a.value, &a.output, &f.up, &f.gate, &f.down})
        if (layer->outputs() > 0) weights_.push_back(&layer->weight);
    }
  }

  // The weights as a matrix of floats, as long as nothing has been stored.
  [[nodiscard]] const heed::decoder<float>& decoder() const { return gpt_; }

  const heed::decoder<float>& stored_as(heed::dtype type) {
    for (auto* weight : weights_) {
      if (weight->stored.given() && weight->stored.type == type) continue;
      const heed::index outputs = weight->outputs(), inputs = weight->inputs();
      *weight = heed::matrix<float>();
      weight->stored = random_weights(type, outputs, inputs);
    }
    return gpt_;
  }

  // Weights of all products, that of the scores included.
  [[nodiscard]] double numbers() const {
    double sum = 0;
    for (const auto* weight : weights_)
      sum += static_cast<double>(weight->inputs() * weight->outputs());
    return sum;
  }

 private:
  heed::decoder<float> gpt_;
  std::vector<heed::parameter<float>*> weights_;
};

model& gpt2_small() {
  static model made(
      {.vocabulary = 50304, .positions = 1024, .model = 768, .layers = 12, .heads = 12});
  return made;
}
model& smollm2() {
  static model made(
      {.vocabulary = 49152, .model = 576, .layers = 30, .heads = 9, .kv_heads = 3, .hidden = 1536});
  return made;
}

void generate(benchmark::State& state, const heed::decoder<float>& gpt, double bytes, int threads) {
  Eigen::ThreadPool pool(threads - 1);  // the caller works too
  heed::scratch scratch;
  auto cache = gpt.cache(prompt + 1);
  heed::matrix<float> scores(1, gpt.vocabulary());
  const std::vector<heed::index> ids(static_cast<std::size_t>(prompt), 7), one{11};
  (void)gpt.hidden(ids, cache);
  const double bandwidth = support::bandwidth(threads);
  for (auto _ : state) {
    if (threads == 1)
      gpt.next(one, cache, scores, heed::in(scratch));
    else
      gpt.next(one, cache, scores, heed::in(scratch), heed::on(pool));
    cache.truncate(prompt);
    benchmark::ClobberMemory();
  }
  for (const auto& layer : cache.layers)
    bytes += sizeof(float) * static_cast<double>(layer.keys().size() + layer.values().size());
  using benchmark::Counter;
  state.counters["tokens/s"] = Counter(1, Counter::kIsIterationInvariantRate);
  state.counters["GB/s"] = Counter(bytes * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["read%"] = Counter(100 * bytes / bandwidth, Counter::kIsIterationInvariantRate);
}

void unpack(benchmark::State& state, heed::dtype type, bool rows) {
  constexpr heed::index inputs = 768, outputs = 512;
  heed::linear<float> layer({.inputs = inputs, .outputs = outputs, .bias = false});
  layer.weight = heed::matrix<float>();
  layer.weight.stored = random_weights(type, outputs, inputs, rows);
  const heed::matrix<float> x = heed::matrix<float>::Random(1, inputs);
  heed::matrix<float> y(1, outputs);
  for (auto _ : state) {
    layer(x, y);
    benchmark::ClobberMemory();
  }
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(heed::bytes_of(type, inputs * outputs)),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void add(const std::string& name, model& (*of)(), int threads, const heed::dtype* type) {
  const auto run = [of, threads, type](benchmark::State& state) {
    model& its = of();
    const double numbers = its.numbers();
    if (type == nullptr) return generate(state, its.decoder(), numbers * sizeof(float), threads);
    const auto& facts = heed::facts_of(*type);
    generate(
        state, its.stored_as(*type),
        numbers * static_cast<double>(facts.block_bytes) / static_cast<double>(facts.block_values),
        threads);
  };
  auto* const registered =
      benchmark::RegisterBenchmark((name + "/threads" + std::to_string(threads)).c_str(), run)
          ->Unit(benchmark::kMillisecond);
  if (threads > 1) registered->UseRealTime();  // one thread is not told of what others do meanwhile
}

}  // namespace

int main(int argc, char** argv) {
  using heed::dtype;
  static constexpr dtype types[] = {dtype::f32,  dtype::bf16, dtype::f16,  dtype::f8_e4m3,
                                    dtype::i8,   dtype::q8_0, dtype::q5_1, dtype::q5_0,
                                    dtype::q4_1, dtype::q4_0, dtype::q6_k, dtype::q5_k,
                                    dtype::q4_k, dtype::q3_k, dtype::q2_k};
  heed::detail::know_stored_kernels();
  for (const bool rows : {false, true})
    for (const dtype type : types)
      benchmark::RegisterBenchmark(
          ((rows ? "unpack_rows/" : "unpack/") + std::string(heed::name_of(type))).c_str(), unpack,
          type, rows)
          ->Unit(benchmark::kMicrosecond);
  const auto add_all = [](const std::string& name, model& (*of)(), heed::index largest_block) {
    for (const int threads : support::thread_counts()) add(name + "/matrix", of, threads, nullptr);
    for (const dtype& type : types)
      for (const int threads : support::thread_counts())
        if (heed::facts_of(type).block_values <= largest_block)
          add(name + "/" + heed::name_of(type), of, threads, &type);
  };
  add_all("gpt2_small", gpt2_small, 256);
  add_all("smollm2_135m", smollm2, 32);  // 576 inputs are no blocks of 256
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
