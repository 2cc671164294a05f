// SPDX-License-Identifier: MIT
// The second call of everything allocates nothing, and scratch does not grow with n.
#define EIGEN_RUNTIME_NO_MALLOC
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

std::atomic<long> allocations{0};

// The address that malloc gave stands before the aligned one that is handed out.
void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* const raw = std::malloc(bytes + alignment + sizeof(void*));
  if (raw == nullptr) throw std::bad_alloc();
  const auto first = reinterpret_cast<std::uintptr_t>(raw) + sizeof(void*);
  auto* const place = reinterpret_cast<void**>((first + alignment - 1) / alignment * alignment);
  place[-1] = raw;
  return place;
}
void (*volatile release)(void*) = std::free;  // volatile: compilers may not pair it with a new
void give_back(void* p) {
  if (p != nullptr) release(static_cast<void**>(p)[-1]);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { give_back(p); }
void operator delete(void* p, std::size_t) noexcept { give_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { give_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }

namespace {

using Eigen::MatrixXf;

// Allocations of the second of two calls, Eigen's own among them.
template <class Call>
long second_call(const Call& call) {
  call();
  const long before = allocations;
  Eigen::internal::set_is_malloc_allowed(false);
  call();
  Eigen::internal::set_is_malloc_allowed(true);
  return allocations - before;
}

struct data {
  MatrixXf q = MatrixXf::Random(150, 32), k = MatrixXf::Random(170, 16),
           v = MatrixXf::Random(170, 16);
  MatrixXf out = MatrixXf(150, 32), lse = MatrixXf(150, 4), weights = MatrixXf(600, 170);
  MatrixXf bias = MatrixXf::Random(150, 170);
  Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> keep = bias.array() > 0;
  std::vector<MatrixXf> biases{bias, bias, bias, bias};
  std::vector<float> four{1, 2, 3, 4};
  std::vector<int> ids = std::vector<int>(170, 1);
  heed::heads heads{4, 2};

  template <class... Modifiers>
  long count(const Modifiers&... modifiers) {
    return second_call([&] { heed::attention(q, k, v, out, heads, modifiers...); });
  }
};

TEST(attention_allocation, the_counter_counts) {
  EXPECT_GT(second_call([] { ::operator delete(::operator new(3)); }), 0);
}

TEST(attention_allocation, no_modifier_allocates_in_a_second_call) {
  data d;
  EXPECT_EQ(d.count(), 0);
  EXPECT_EQ(d.count(heed::causal), 0);
  EXPECT_EQ(d.count((heed::causal && heed::window{.left = 9}) || heed::prefix(3)), 0);
  EXPECT_EQ(d.count(heed::keep(d.keep), heed::bias(d.bias)), 0);
  EXPECT_EQ(d.count(heed::bias(d.biases), heed::documents(d.ids)), 0);
  EXPECT_EQ(d.count(heed::soft_cap(3), heed::alibi(), heed::sink(d.four)), 0);
  EXPECT_EQ(d.count(heed::log_sum_exp(d.lse), heed::weights(d.weights)), 0);
  EXPECT_EQ(d.count(heed::dropout{.probability = 0.5, .seed = 1}, heed::key_length(100)), 0);
  const std::vector<heed::index> queries{0, 40, 150}, keys{0, 100, 170};
  EXPECT_EQ(d.count(heed::packed{queries, keys}, heed::causal), 0);
  const std::vector<int> dear_to_copy(1000, 1);
  EXPECT_EQ(
      d.count(
          heed::where([dear_to_copy](heed::at i) { return dear_to_copy[std::size_t(i.key)] > 0; }),
          heed::score([dear_to_copy](float s, heed::at) { return s * float(dear_to_copy[0]); })),
      0);
}

TEST(attention_allocation, nor_do_scratch_and_executors) {
  data d;
  heed::scratch scratch;
  EXPECT_EQ(d.count(heed::in(scratch), heed::causal), 0);
  const auto in_turn = [](heed::index n, auto&& work) {
    for (heed::index i = 0; i < n; ++i) work(i);
  };
  EXPECT_EQ(d.count(heed::in(scratch), heed::on(in_turn, 3)), 0);
}

TEST(attention_allocation, nor_do_layers) {
  const heed::multi_head_attention<float> mha({.model = 48, .heads = 6, .kv_heads = 2});
  const heed::linear<float> up({.inputs = 48, .outputs = 100});
  const MatrixXf x = MatrixXf::Random(70, 48), memory = MatrixXf::Random(33, 48);
  MatrixXf y(70, 48), wide(70, 100);
  EXPECT_EQ(second_call([&] { mha(x, y, heed::causal); }), 0);
  EXPECT_EQ(second_call([&] { mha(x, memory, y); }), 0);
  EXPECT_EQ(second_call([&] { up(x, wide); }), 0);
  const heed::rotary_embedding<float> rope({.width = 8});
  EXPECT_EQ(second_call([&] { rope(y, 5); }), 0);
  const heed::sinusoidal<float> places({.model = 48});
  EXPECT_EQ(second_call([&] { places.add(y, 5); }), 0);
  const heed::token_embedding<float> words({.vocabulary = 9, .model = 48});
  const std::vector<int> ids(70, 3);
  EXPECT_EQ(second_call([&] { words(ids, y); }), 0);
}

TEST(attention_allocation, scratch_does_not_grow_with_n) {
  std::size_t bytes[2];
  for (const int n : {600, 6000}) {
    const MatrixXf x = MatrixXf::Random(n, 64);
    MatrixXf out(n, 64);
    heed::scratch scratch;
    heed::attention(x, x, x, out, heed::in(scratch), heed::causal && heed::window{.left = 50});
    bytes[n > 1000] = scratch.bytes();
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_LT(bytes[1], 2u << 20);
}

}  // namespace
