// SPDX-License-Identifier: MIT
// Decoders by hand, with and without a cache, and what they refuse.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/model/decoder.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::decoder;
using heed::index;
using heed::matrix;
using support::refusal;
using support::same_bits;
using ids = std::vector<int>;

// No block: three tokens whose vectors are (1, 0), (0, 2) and (3, 1).
decoder<double> by_hand() {
  decoder<double> d;
  d.words = heed::token_embedding<double>({.vocabulary = 3, .model = 2});
  d.words.weight << 1, 0, 0, 2, 3, 1;
  return d;
}

void expect(const matrix<double>& y, const std::vector<double>& want) {
  ASSERT_EQ(std::size_t(y.size()), want.size());
  for (index i = 0; i < y.size(); ++i)
    EXPECT_NEAR(y.data()[i], want[std::size_t(i)], 1e-14) << "element " << i;
}

TEST(decoder, by_hand_without_a_block) {
  auto d = by_hand();
  expect(d.embed(ids{2, 0}, 0), {3, 1, 1, 0});
  expect(d(ids{2, 1}), {3, 2, 10, 0, 4, 2});
  d.embedding_scale = 2;
  d.logit_scale = 0.5;
  expect(d(ids{2, 1}), {3, 2, 10, 0, 4, 2});
  d.logit_scale = 1;
  d.places.emplace(heed::position_embedding<double>::sizes{.positions = 4, .model = 2});
  d.places->weight << 0, 0, 100, 0, 0, 100, 10, 10;
  expect(d.embed(ids{2, 0}, 1), {106, 2, 2, 100});
  d.first_place = 2;
  expect(d.embed(ids{2, 0}, 0), {6, 102, 12, 10});
  d = by_hand();
  heed::rms_norm<double> to_five({.model = 2, .epsilon = 0});
  to_five.weight.setConstant(5);
  d.words.weight.row(0) << 10, 70;
  d.embedding_norm = to_five;
  expect(d.embed(ids{0}, 0), {1, 7});
  d.final_norm = to_five;
  d.embedding_norm = {};
  expect(d.hidden(ids{0}), {1, 7});
  d.head = heed::linear<double>({.inputs = 2, .outputs = 4});
  d.head.weight << 1, 0, 1, 2, 0, 1, 1, 0;
  d.head.bias << 0, 0, 0, -2;
  EXPECT_EQ(d.vocabulary(), 4);
  expect(d(ids{0}), {1, 7, 8, 0});
  d.logit_cap = 16 / std::log(3.);  // cap tanh(8 / cap) with tanh(ln(3) / 2) = 1/2
  EXPECT_NEAR(d(ids{0})(0, 2), d.logit_cap / 2, 1e-14);
}

// Attention gives 0 and 10 times the second column of x is added by the feed-forward layer.
TEST(decoder, by_hand_with_blocks) {
  auto d = by_hand();
  heed::transformer_block<double> b;
  b.attention = heed::attention_layer<double>({.model = 2, .heads = 1, .bias = false});
  b.attention.output.weight.setZero();
  heed::feed_forward<double> feed(
      {.model = 2, .hidden = 1, .activation = heed::activation::relu, .bias = false});
  feed.up.weight << 0, 1;
  feed.down.weight << 10, 0;
  b.feed = feed;
  d.blocks = {b, b};
  expect(d.hidden(ids{1, 0}), {40, 2, 1, 0});
  auto cache = d.cache(2);
  expect(d.next(ids{1, 0}, cache), {1, 0, 3});
}

decoder<float> some_decoder(index positions) {
  return decoder<float>({.vocabulary = 50,
                         .positions = positions,
                         .model = 24,
                         .layers = 2,
                         .heads = 4,
                         .kv_heads = 2,
                         .seed = 7});
}

// GPT-2 in double, from the public weights.
MatrixXd textbook(const decoder<float>& d, const ids& tokens) {
  const auto apply = [](const heed::linear<float>& l, const MatrixXd& x) {
    MatrixXd y = x * l.weight.cast<double>();
    y.rowwise() += l.bias.cast<double>();
    return y;
  };
  const auto norm = [](const heed::normalisation<float>& n, MatrixXd x) {
    const auto& by = std::get<heed::layer_norm<float>>(n);
    for (index i = 0; i < x.rows(); ++i) {
      x.row(i).array() -= x.row(i).mean();
      x.row(i) /= std::sqrt(x.row(i).squaredNorm() / double(x.cols()) + by.epsilon);
      x.row(i) = x.row(i).cwiseProduct(by.weight.cast<double>()) + by.bias.cast<double>();
    }
    return x;
  };
  const auto gelu = [](double x) {
    return x /
           (1 + std::exp(-2 * std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
  };
  MatrixXd x(index(tokens.size()), d.model());
  for (index i = 0; i < x.rows(); ++i)
    x.row(i) =
        (d.words.weight.row(tokens[std::size_t(i)]) + d.places->weight.row(i)).cast<double>();
  for (const auto& b : d.blocks) {
    const MatrixXd in = norm(b.attention_norm, x);
    x += apply(
        b.attention.output,
        heed::reference::attention(apply(b.attention.query, in), apply(b.attention.key, in),
                                   apply(b.attention.value, in), b.attention.heads, heed::causal));
    const auto& feed = std::get<heed::feed_forward<float>>(b.feed);
    x += apply(feed.down, apply(feed.up, norm(b.feed_norm, x)).unaryExpr(gelu));
  }
  return norm(d.final_norm, x) * d.words.weight.cast<double>().transpose();
}

// Two blocks of chains of at most 96 terms of numbers near 1, and scores some twentieth as large: 2e-5 is
// some hundred roundings.
TEST(decoder, is_its_formula) {
  auto d = some_decoder(40);
  d.words.weight *= 10;  // that logits are not small
  for (auto& b : d.blocks) {
    for (auto* l : {&b.attention.query, &b.attention.key, &b.attention.value, &b.attention.output})
      l->bias.setRandom();
    std::get<heed::layer_norm<float>>(b.feed_norm).weight.setRandom();
    std::get<heed::feed_forward<float>>(b.feed).up.bias.setRandom();
  }
  ids all(40);
  for (int i = 0; i < 40; ++i) all[std::size_t(i)] = (i * 11) % 50;
  const MatrixXd want = textbook(d, all);
  EXPECT_GT(want.cwiseAbs().maxCoeff(), 0.3);
  EXPECT_LE((d(all).cast<double>() - want).cwiseAbs().maxCoeff(), 2e-5);
  // next, into guarded memory of every layout.
  for (const auto order :
       {support::layout::row_major, support::layout::column_major, support::layout::strided}) {
    support::guarded<float> memory(1, 50, order, 7);
    auto scores = memory.matrix();
    auto cache = d.cache(40);
    d.next(all, cache, scores);
    EXPECT_TRUE(memory.intact());
    EXPECT_LE((scores.cast<double>() - want.row(39)).cwiseAbs().maxCoeff(), 2e-5);
  }
}

TEST(decoder, has_the_same_bits_in_chunks_and_on_threads) {
  for (const index positions : {0, 40}) {
    const auto d = some_decoder(positions);
    ids all(40);
    for (int i = 0; i < 40; ++i) all[std::size_t(i)] = (i * 7) % 50;
    const matrix<float> want = d(all);
    EXPECT_EQ(want.rows(), 40);
    EXPECT_EQ(want.cols(), 50);
    EXPECT_TRUE(same_bits(d(all, heed::on(support::on_threads, 3)), want));
    auto cache = d.cache(40), cache_of_next = d.cache(40);
    heed::scratch room;
    matrix<float> scores(1, 50);
    for (int first = 0; const int count : {1, 1, 12, 25, 1}) {
      const ids some(all.begin() + first, all.begin() + first + count);
      EXPECT_TRUE(same_bits(d(some, cache), want.middleRows(first, count)));
      first += count;
      EXPECT_TRUE(same_bits(d.next(some, cache_of_next, heed::in(room)), want.row(first - 1)));
      cache_of_next.truncate(first - count);
      d.next(some, cache_of_next, scores, heed::in(room), heed::on(support::on_threads, 2));
      EXPECT_TRUE(same_bits(scores, want.row(first - 1)));
      EXPECT_EQ(cache_of_next.position(), first);
    }
  }
}

TEST(decoder, shares_its_stored_words_with_its_head) {
  auto d = by_hand();
  const std::int8_t numbers[] = {1, 0, 0, 2, 3, 1};
  d.words.weight.resize(0, 0);
  d.words.weight.stored = {heed::dtype::i8, 3, 2, reinterpret_cast<const std::byte*>(numbers)};
  EXPECT_EQ(d.vocabulary(), 3);
  expect(d(ids{2, 1}), {3, 2, 10, 0, 4, 2});
}

TEST(decoder, leaves_the_cache_as_it_was_where_it_refuses) {
  auto d = some_decoder(6);
  auto cache = d.cache(5);
  (void)d.next(ids{1, 2, 3}, cache);
  EXPECT_EQ(refusal<std::out_of_range>([&] {
              (void)d.next(ids{1, 50}, cache);
            }),
            "heed::token_embedding: id 50 at place 1 is outside the vocabulary of 50");
  EXPECT_EQ(refusal<std::length_error>([&] {
              (void)d(ids{1, 2, 3}, cache);
            }),
            "heed::kv_cache: 3 more rows do not fit: 3 of 5 are taken");
  EXPECT_EQ(refusal<std::out_of_range>([&] {
              (void)d(ids{1, 2, 3, 4}, cache);
            }),
            "heed::position_embedding: positions 3 to 7 are outside the table of 6");
  matrix<float> few(1, 49);
  EXPECT_EQ(refusal([&] { d.next(ids{1}, cache, few); }),
            "heed::decoder: scores is 1x49, but it must be 1x50");
  EXPECT_EQ(refusal([&] { (void)d.next(ids{}, cache); }),
            "heed::decoder: next needs an id at least, but is given none");
  d.blocks[1].attention.rules.sinks = {1};
  EXPECT_EQ(refusal([&] { (void)d.next(ids{1}, cache); }),
            "heed::attention_layer: sink has 1 logits, but there are 4 query heads");
  for (const auto& layer : cache.layers) EXPECT_EQ(layer.size(), 3);
  d.blocks.pop_back();
  EXPECT_EQ(refusal([&] { (void)d.next(ids{1}, cache); }),
            "heed::decoder: the cache has 2 layers, but the decoder has 1; make it by "
            "decoder.cache(capacity)");
  d = some_decoder(6);
  cache.layers[1].truncate(2);
  EXPECT_EQ(refusal([&] { (void)d.next(ids{1}, cache); }),
            "heed::decoder: a layer of the cache has 2 tokens, but the first layer has 3");
  EXPECT_EQ(refusal([&] { (void)d.logits(matrix<float>(2, 20)); }),
            "heed::decoder: x is 2x20, but the vectors of the head have 24 elements");
}

TEST(decoder, says_which_size_was_left_out) {
  heed::decoder_sizes s{.vocabulary = 50, .model = 24, .layers = 2, .heads = 4};
  s.layers = 0;
  EXPECT_EQ(refusal([&] { decoder<float> d(s); }),
            "heed::decoder: layers was not given, or is 0; it is the number of blocks");
  s.layers = -1;
  EXPECT_EQ(refusal([&] { decoder<float> d(s); }),
            "heed::decoder: layers is -1, positions is 0, hidden is 0; the first must be positive, "
            "and no other negative");
  s.layers = 1, s.heads = 0;
  EXPECT_EQ(refusal([&] { decoder<float> d(s); }),
            "heed::decoder: heads was not given, or is 0; it is the number of query heads");
}

TEST(decoder, takes_embeddings_of_another_width) {
  decoder<double> model;
  matrix<double> words(2, 1), in(1, 3), out(3, 1);
  words << 2, 5;
  in << 1, 10, 100;
  out << 1, 1, 1;
  model.words.weight = words;
  model.embedding_projection.weight = in;
  model.head_projection.weight = out;
  EXPECT_EQ(model.model(), 3);
  matrix<double> want(2, 3), scores(2, 2);
  want << 5, 50, 500, 2, 20, 200;
  EXPECT_EQ(model.hidden(ids{1, 0}), want);
  scores << 555 * 2, 555 * 5, 222 * 2, 222 * 5;
  EXPECT_EQ(model(ids{1, 0}), scores);
}

}  // namespace
