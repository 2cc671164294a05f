// SPDX-License-Identifier: MIT
// Layers allocate nothing in a second call, and a decoder nothing for a token after the first.
#include "support/allocations.hpp"

#include <heed/model/decoder.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using Eigen::MatrixXf;
using heed::index;
using heed::matrix;
using support::second_call;

TEST(decoder_allocation, nothing_in_a_second_call_of_a_layer) {
  const MatrixXf x = MatrixXf::Random(40, 24);
  MatrixXf y(40, 24);
  matrix<float> by_rows(40, 24);
  by_rows = x;
  for (const index rows : {40, 1}) {
    const auto some = x.topRows(rows);
    auto out = y.topRows(rows);
    const heed::layer_norm<float> by_mean({.model = 24});
    const heed::rms_norm<float> by_square({.model = 8});
    EXPECT_EQ(second_call([&] { by_mean(some, out); }), 0);
    EXPECT_EQ(second_call([&] { by_square(some, out); }), 0);
    EXPECT_EQ(second_call([&] { heed::activate(heed::activation::gelu_tanh, out); }), 0);
    for (const bool gated : {false, true}) {
      const heed::feed_forward<float> feed({.model = 24, .hidden = 96, .gated = gated});
      EXPECT_EQ(second_call([&] { feed(some, out); }), 0);
    }
    const heed::experts<float> mixture({.model = 24, .hidden = 50, .experts = 9, .per_token = 4});
    EXPECT_EQ(second_call([&] { mixture(some, out); }), 0);
    heed::attention_layer<float> attention({.model = 24, .heads = 6, .kv_heads = 2, .width = 8});
    attention.query_norm = by_square;
    attention.clip = 1;
    attention.rules.sinks = {1, 2, 3, 4, 5, 6};
    EXPECT_EQ(second_call([&] { attention(some, out); }), 0);
    attention.rules.alibi = {1, 2, 3, 4, 5, 6};
    EXPECT_EQ(second_call([&] { attention(some, out); }), 0);
  }
}

heed::decoder<float> some_decoder() {
  return heed::decoder<float>(
      {.vocabulary = 500, .model = 64, .layers = 2, .heads = 4, .kv_heads = 2, .seed = 7});
}

// The tokens after a prompt and the one that follows it, into memory of the caller.
template <class... Modifiers>
long later_tokens(const heed::decoder<float>& d, index tokens, const Modifiers&... modifiers) {
  auto cache = d.cache(tokens + 5);
  matrix<float> scores(1, d.vocabulary());
  std::vector<int> id{3};
  d.next(std::vector<int>{1, 2, 3, 4, 5}, cache, scores, modifiers...);
  d.next(id, cache, scores, modifiers...);
  return support::allocations_in([&] {
    for (index i = 1; i < tokens; ++i) {
      scores.row(0).maxCoeff(&id[0]);
      d.next(id, cache, scores, modifiers...);
    }
  });
}

TEST(decoder_allocation, nothing_for_a_token_after_the_first) {
  auto d = some_decoder();
  const auto in_turn = [](index n, auto&& work) {
    for (index i = 0; i < n; ++i) work(i);
  };
  for (const index workers : {1, 3}) {
    heed::scratch room;
    EXPECT_EQ(later_tokens(d, 700, heed::in(room), heed::on(in_turn, workers)), 0) << workers;
  }
  const heed::decoder<float> wide(
      {.vocabulary = 20, .model = 512, .layers = 1, .heads = 16, .kv_heads = 8, .hidden = 64});
  for (const index workers : {1, 3}) {
    heed::scratch of_wide;
    EXPECT_EQ(later_tokens(wide, 700, heed::in(of_wide), heed::on(in_turn, workers)), 0) << workers;
  }
  heed::scratch room;
  const heed::rotary_scaling longer[] = {
      heed::dynamic_ntk_scaling{2, 8},
      heed::longrope_scaling{std::vector<double>(8, 1), std::vector<double>(8, 2), 8, 1}};
  for (const auto& scaling : longer) {
    for (auto& block : d.blocks)
      block.attention.rotary.emplace(
          heed::rotary_embedding<float>::sizes{.width = 16, .scaling = scaling});
    EXPECT_EQ(later_tokens(d, 30, heed::in(room)), 0);
  }
  d.blocks[0].feed =
      heed::experts<float>({.model = 64, .hidden = 50, .experts = 9, .per_token = 4});
  d.logit_cap = 3;
  d.logit_scale = 0.5;
  d.embedding_scale = 2;
  d.head = heed::linear<float>({.inputs = 64, .outputs = 100});
  EXPECT_EQ(later_tokens(d, 40), 0) << "with the memory of the thread";
  heed::scratch of_experts;
  EXPECT_EQ(later_tokens(d, 100, heed::in(of_experts)), 0);
}

TEST(decoder_allocation, nothing_with_stored_weights) {
  auto d = some_decoder();
  const std::vector<std::byte> zeros(500 * 64 * 4);
  d.words.weight.resize(0, 0);
  d.words.weight.stored = {heed::dtype::q8_0, 500, 64, zeros.data()};
  for (auto& block : d.blocks)
    for (auto* l : {&block.attention.query, &block.attention.key, &block.attention.value}) {
      const index outputs = l->outputs();
      l->weight.resize(0, 0);
      l->weight.stored = {heed::dtype::q4_0, outputs, 64, zeros.data()};
    }
  heed::scratch room;
  EXPECT_EQ(later_tokens(d, 100, heed::in(room)), 0);
}

}  // namespace
