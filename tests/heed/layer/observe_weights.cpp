// SPDX-License-Identifier: MIT
// The probabilities that a model shows are those of heed::weights, layer by layer, and change no bit of what it
// computes.
#include "support/same_bits.hpp"

#include <heed/model/decoder.hpp>
#include <heed/model/encoder.hpp>
#include <heed/model/encoder_decoder.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::same_bits;

template <class Scalar>
struct album {
  std::vector<index> layers;
  std::vector<matrix<Scalar>> weights;

  template <class Weights>
  void operator()(index layer, const Weights& w) {
    layers.push_back(layer);
    weights.emplace_back(w);
  }
};

void expect(const matrix<double>& got, index rows, const std::vector<double>& want) {
  ASSERT_EQ(got.rows(), rows);
  ASSERT_EQ(std::size_t(got.size()), want.size());
  for (index i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got.data()[i], want[std::size_t(i)], 1e-14) << "element " << i;
}

const std::vector<int> ids{3, 1, 4, 1, 5, 9, 2, 6};

heed::decoder<float> llama() {
  return heed::decoder<float>(
      {.vocabulary = 10, .model = 16, .layers = 3, .heads = 4, .kv_heads = 2, .seed = 7});
}

// The second token scores ln 3 with itself and 0 with the first.
TEST(observe_weights, by_hand) {
  heed::attention_layer<double> layer({.model = 2, .heads = 1, .bias = false});
  for (auto* l : {&layer.query, &layer.key, &layer.value, &layer.output}) l->weight.setIdentity();
  layer.query.weight *= std::sqrt(2.) * std::log(3.);
  matrix<double> x(2, 2), y(2, 2);
  x << 1, 0, 0, 1;
  album<double> seen;
  layer(x, y, heed::observe_weights(seen));
  EXPECT_EQ(seen.layers, std::vector<index>{0});
  expect(seen.weights[0], 2, {1, 0, 0.25, 0.75});
  expect(y, 2, {1, 0, 0.25, 0.75});
  layer.rules.sinks = {0};  // takes its part of the sum, and is no column
  layer(x, y, heed::observe_weights(seen));
  expect(seen.weights[1], 2, {0.75, 0, 0.2, 0.6});
}

// The first layer's, from its projections by heed::weights.
TEST(observe_weights, are_those_of_weights) {
  const heed::decoder<float> model = llama();
  album<float> seen;
  (void)model.hidden(ids, heed::observe_weights(seen));
  const auto n = index(ids.size());
  ASSERT_EQ(seen.layers, (std::vector<index>{0, 1, 2}));
  const auto& layer = model.blocks[0].attention;
  matrix<float> x = model.embed(ids, 0);
  heed::normalise(model.blocks[0].attention_norm, x, x);
  matrix<float> q = layer.query(x), k = layer.key(x), v = layer.value(x), w(4 * n, n);
  (*layer.rotary)(q, 0);
  (*layer.rotary)(k, 0);
  (void)heed::attention(q, k, v, heed::heads{4, 2}, heed::causal, heed::weights(w));
  EXPECT_TRUE(same_bits(seen.weights[0], w));
  for (const auto& shown : seen.weights)
    for (index row = 0; row < shown.rows(); ++row) EXPECT_NEAR(shown.row(row).sum(), 1, 1e-6);
}

TEST(observe_weights, change_no_bit) {
  const heed::decoder<float> model = llama();
  album<float> seen;
  const matrix<float> plain = model(ids), observed = model(ids, heed::observe_weights(seen));
  EXPECT_TRUE(same_bits(observed, plain));
  auto a = model.cache(8), b = model.cache(8);
  for (const int id : ids)
    EXPECT_TRUE(same_bits(model.next(std::vector<int>{id}, a, heed::observe_weights(seen)),
                          model.next(std::vector<int>{id}, b)));
}

// One token after the other: its row, against all keys that the cache holds by then.
TEST(observe_weights, with_a_cache_are_rows_of_the_whole) {
  const heed::decoder<float> model = llama();
  album<float> whole, one;
  (void)model.hidden(ids, heed::observe_weights(whole));
  const auto n = index(ids.size());
  auto cache = model.cache(n);
  for (index token = 0; token < n; ++token) {
    one = {};
    (void)model.hidden(std::vector<int>{ids[std::size_t(token)]}, cache,
                       heed::observe_weights(one));
    ASSERT_EQ(one.layers, (std::vector<index>{0, 1, 2}));
    for (std::size_t layer = 0; layer < 3; ++layer)
      for (index head = 0; head < 4; ++head)
        EXPECT_TRUE(same_bits(
            matrix<float>(one.weights[layer].row(head)),
            matrix<float>(whole.weights[layer].row(head * n + token).leftCols(token + 1))));
  }
}

// Two sequences with caches are shown one by one.
TEST(observe_weights, of_several_sequences) {
  const heed::decoder<float> model = llama();
  album<float> alone, both;
  (void)model.hidden(std::vector<int>{3, 1, 4}, heed::observe_weights(alone));
  (void)model.hidden(std::vector<int>{1, 5}, heed::observe_weights(alone));
  auto a = model.cache(3), b = model.cache(2);
  (void)model.hidden(std::vector<int>{3, 1, 4, 1, 5}, {0, 3, 5}, {&a, &b},
                     heed::observe_weights(both));
  ASSERT_EQ(both.layers, (std::vector<index>{0, 0, 1, 1, 2, 2}));
  for (std::size_t layer = 0; layer < 3; ++layer)
    for (std::size_t sequence = 0; sequence < 2; ++sequence)
      EXPECT_TRUE(
          same_bits(both.weights[2 * layer + sequence], alone.weights[3 * sequence + layer]));
}

// A packed batch: columns of the row's own sequence, and 0 behind its last.
TEST(observe_weights, of_an_encoder) {
  const heed::encoder<float> model(
      {.vocabulary = 10, .positions = 8, .model = 8, .layers = 2, .heads = 2, .seed = 3});
  heed::token_sequences batch;
  batch.append({3, 1, 4});
  batch.append({1, 5});
  album<float> alone, both;
  (void)model.hidden(std::vector<index>{3, 1, 4}, heed::observe_weights(alone));
  (void)model.hidden(std::vector<index>{1, 5}, heed::observe_weights(alone));
  (void)model.hidden(batch, heed::observe_weights(both));
  ASSERT_EQ(both.layers, (std::vector<index>{0, 1}));
  for (std::size_t layer = 0; layer < 2; ++layer) {
    matrix<float> want = matrix<float>::Zero(10, 3);  // (heads * tokens of both, longest)
    for (index head = 0; head < 2; ++head) {
      want.middleRows(5 * head, 3) = alone.weights[layer].middleRows(3 * head, 3);
      want.block(5 * head + 3, 0, 2, 2) = alone.weights[2 + layer].middleRows(2 * head, 2);
    }
    EXPECT_TRUE(same_bits(both.weights[layer], want));
  }
}

// An encoder_decoder: its own tokens, then the memory's, in each block.
TEST(observe_weights, of_an_encoder_decoder) {
  heed::encoder_decoder<float> model;
  model.decoder = llama();
  model.cross_blocks = model.decoder.blocks;
  const matrix<float> memory = matrix<float>::Random(5, 16);
  auto cache = model.cache(memory, 8);
  album<float> seen;
  (void)model.hidden(std::vector<int>{3, 1, 4}, cache, heed::observe_weights(seen));
  ASSERT_EQ(seen.layers, (std::vector<index>{0, 1, 2, 3, 4, 5}));
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(seen.weights[i].rows(), 4 * 3);
    EXPECT_EQ(seen.weights[i].cols(), i % 2 == 0 ? 3 : 5);
  }
}

}  // namespace
