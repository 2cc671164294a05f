// SPDX-License-Identifier: MIT
// The second call of everything allocates nothing, and scratch does not grow with n.
#include "support/allocations.hpp"

#include <heed/heed.hpp>

#if __has_include(<Eigen/ThreadPool>)
#include <Eigen/ThreadPool>
#else
#include <unsupported/Eigen/CXX11/ThreadPool>  // where Eigen 3.4 keeps it
#endif

#include <gtest/gtest.h>

#include <vector>

namespace {

using Eigen::MatrixXf;
using support::second_call;

struct data {
  MatrixXf q = MatrixXf::Random(150, 32), k = MatrixXf::Random(170, 16),
           v = MatrixXf::Random(170, 16);
  MatrixXf out = MatrixXf(150, 32), lse = MatrixXf(150, 4), weights = MatrixXf(600, 170),
           received = MatrixXf(170, 4);
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
  EXPECT_EQ(d.count(heed::key_weights(d.received)), 0);
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

TEST(attention_allocation, nor_does_a_pool_of_threads) {
  data d;
  Eigen::ThreadPool pool(2);
  heed::scratch scratch;
  EXPECT_EQ(d.count(heed::in(scratch), heed::on(pool), heed::causal), 0);
  EXPECT_EQ(d.count(heed::on(pool), heed::causal), 0);
}

// An executor whose last worker does everything in the first call and whose first does in the
// second: room must not depend on who got work.
TEST(attention_allocation, nor_does_another_worker) {
  data d;
  for (const heed::index workers : {2, 5}) {
    int calls = 0;
    const auto turn = [&](heed::index n, auto&& work) {
      const bool backwards = calls++ % 2 == 0;
      for (heed::index i = 0; i < n; ++i) work(backwards ? n - 1 - i : i);
    };
    heed::scratch scratch;
    EXPECT_EQ(d.count(heed::in(scratch), heed::on(turn, workers)), 0) << workers;
    EXPECT_EQ(d.count(heed::in(scratch), heed::on(turn, workers), heed::weights(d.weights)), 0);
    EXPECT_EQ(d.count(heed::in(scratch), heed::on(turn, workers), heed::key_weights(d.received)),
              0);
    const heed::multi_head_attention<float> mha({.model = 48, .heads = 6});
    const MatrixXf x = MatrixXf::Random(300, 48);
    MatrixXf y(300, 48);
    EXPECT_EQ(second_call([&] { mha(x, y, heed::in(scratch), heed::on(turn, workers)); }), 0);
    const heed::linear<float> up({.inputs = 48, .outputs = 1500});
    const MatrixXf few = x.topRows(4);
    MatrixXf wide(4, 1500);
    EXPECT_EQ(second_call([&] { up(few, wide, heed::in(scratch), heed::on(turn, workers)); }), 0);
  }
}

// Few queries over many keys, whoever gets work; heads enough to need more than the 32 KiB that a
// scratch has at least.
template <class Scalar, int Order>
void decoding() {
  const heed::matrix<Scalar> q = heed::matrix<float>::Random(2, 512).cast<Scalar>();
  const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Order> k =
      heed::matrix<float>::Random(1400, 256).cast<Scalar>();
  heed::matrix<Scalar> out(2, 512);
  for (const heed::index workers : {1, 2, 5})
    for (int calls : {0, 1}) {  // the last worker first, or the first
      const auto turn = [&](heed::index n, auto&& work) {
        const bool backwards = calls++ % 2 == 0;
        for (heed::index i = 0; i < n; ++i) work(backwards ? n - 1 - i : i);
      };
      heed::scratch scratch;
      EXPECT_EQ(second_call([&] {
                  heed::attention(q, k, k, out, heed::heads{8, 4}, heed::causal, heed::alibi(),
                                  heed::in(scratch), heed::on(turn, workers));
                }),
                0)
          << workers;
    }
}
TEST(attention_allocation, nor_does_decoding) {
  decoding<float, Eigen::RowMajor>();
  decoding<float, Eigen::ColMajor>();
  decoding<double, Eigen::RowMajor>();
  decoding<Eigen::half, Eigen::RowMajor>();
  decoding<Eigen::half, Eigen::ColMajor>();
}

// A larger call first: the smaller one finds room.
TEST(attention_allocation, nor_does_a_smaller_call_after_a_larger) {
  data d;
  heed::scratch scratch;
  heed::attention(d.q, d.k, d.v, d.out, d.heads, heed::in(scratch));
  const long before = support::allocations;
  heed::attention(d.q.topRows(3), d.k, d.v, d.out.topRows(3), d.heads, heed::in(scratch),
                  heed::causal);
  EXPECT_EQ(support::allocations, before);
}

TEST(attention_allocation, nor_do_half_and_bfloat16) {
  const heed::matrix<Eigen::half> h = MatrixXf::Random(100, 16).cast<Eigen::half>();
  const heed::matrix<Eigen::bfloat16> b = h.cast<float>().cast<Eigen::bfloat16>();
  heed::matrix<Eigen::half> h_out(100, 16);
  heed::matrix<Eigen::bfloat16> b_out(100, 16);
  EXPECT_EQ(second_call([&] { heed::attention(h, h, h, h_out, heed::causal); }), 0);
  EXPECT_EQ(second_call([&] { heed::attention(b, b, b, b_out, heed::causal); }), 0);
}

TEST(attention_allocation, nor_do_layers) {
  const heed::multi_head_attention<float> mha({.model = 48, .heads = 6, .kv_heads = 2});
  const heed::linear<float> up({.inputs = 48, .outputs = 100});
  const MatrixXf x = MatrixXf::Random(70, 48), memory = MatrixXf::Random(33, 48);
  MatrixXf y(70, 48), wide(70, 100);
  EXPECT_EQ(second_call([&] { mha(x, y, heed::causal); }), 0);
  EXPECT_EQ(second_call([&] { mha(x, memory, y); }), 0);
  EXPECT_EQ(second_call([&] { up(x, wide); }), 0);
  heed::matrix<float> by_rows(70, 100);
  for (const heed::index rows : {32, 4, 1})
    EXPECT_EQ(second_call([&] { up(x.topRows(rows), by_rows.topRows(rows)); }), 0) << rows;
  const heed::rotary_embedding<float> rope({.width = 8});
  EXPECT_EQ(second_call([&] { rope(y, 5); }), 0);
  const heed::sinusoidal<float> places({.model = 48});
  EXPECT_EQ(second_call([&] { places.add(y, 5); }), 0);
  const heed::token_embedding<float> words({.vocabulary = 9, .model = 48});
  const std::vector<int> ids(70, 3);
  EXPECT_EQ(second_call([&] { words(ids, y); }), 0);
}

TEST(attention_allocation, scratch_does_not_grow_with_n) {
  // 768 rows fill a task; from there on, more rows make more tasks.
  std::size_t bytes[2];
  for (const int n : {1536, 6144}) {
    const MatrixXf x = MatrixXf::Random(n, 64);
    MatrixXf out(n, 64);
    heed::scratch scratch;
    heed::attention(x, x, x, out, heed::in(scratch), heed::causal && heed::window{.left = 50});
    bytes[n > 1536] = scratch.bytes();
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_LT(bytes[1], 1u << 20);
}

TEST(attention_allocation, nor_with_the_keys_of_one_query) {
  const auto in_turn = [](heed::index n, auto&& work) {
    for (heed::index i = 0; i < n; ++i) work(i);
  };
  const heed::matrix<float> q = heed::matrix<float>::Random(1, 16);
  heed::matrix<float> out(1, 16);
  std::size_t bytes[2];
  for (const int n : {20'000, 60'000}) {  // more chunks than two workers go ahead by
    const heed::matrix<float> k = heed::matrix<float>::Random(n, 16);
    heed::scratch scratch;
    heed::attention(q, k, k, out, heed::in(scratch), heed::on(in_turn, 2));
    bytes[n > 20'000] = scratch.bytes();
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_LT(bytes[1], 1u << 17);
}

}  // namespace
