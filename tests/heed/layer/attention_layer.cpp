// SPDX-License-Identifier: MIT
// The attention layer of a model: each rule by hand, against its formula in double, caches and packed
// sequences, and what is refused.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/attention_layer.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::attention_layer;
using heed::index;
using heed::matrix;
using support::refusal;
using support::same_bits;

const double log_3 = std::log(3.);

// One head of width 2 whose keys, values and results are x itself, and whose queries are x times a number.
attention_layer<double> plain(double query) {
  attention_layer<double> layer({.model = 2, .heads = 1, .bias = false});
  for (auto* l : {&layer.query, &layer.key, &layer.value, &layer.output}) l->weight.setIdentity();
  layer.query.weight *= query;
  return layer;
}

matrix<double> apply(const attention_layer<double>& layer, const matrix<double>& x) {
  matrix<double> y(x.rows(), layer.output.outputs());
  layer(x, y);
  return y;
}

void expect(const matrix<double>& y, const std::vector<double>& want) {
  for (index i = 0; i < y.size(); ++i)
    EXPECT_NEAR(y.data()[i], want[std::size_t(i)], 1e-14) << "element " << i;
}

matrix<double> two_tokens(double a, double b, double c, double d) {
  matrix<double> x(2, 2);
  x << a, b, c, d;
  return x;
}

// Queries of 0: a token is the mean of the tokens that it sees.
TEST(attention_layer, by_hand_of_who_sees_whom) {
  auto layer = plain(0);
  const auto x = two_tokens(2, 4, 6, 0);
  expect(apply(layer, x), {2, 4, 4, 2});
  layer.rules.window = 0;
  expect(apply(layer, x), {2, 4, 6, 0});
  layer.rules.causal = false;
  expect(apply(layer, x), {2, 4, 6, 0});
  layer.rules.window = 1;
  expect(apply(layer, x), {4, 2, 4, 2});
  layer.rules.window.reset();
  expect(apply(layer, x), {4, 2, 4, 2});
  layer.rules.sinks = {0};  // counts as a token that is 0
  expect(apply(layer, x), {8. / 3, 4. / 3, 8. / 3, 4. / 3});
  layer.rules.sinks = {std::log(2.)};
  expect(apply(layer, x), {2, 1, 2, 1});
}

// A mask of one's own beside causal: the third token does not see the second, nor the second itself.
TEST(attention_layer, by_hand_of_a_mask_of_your_own) {
  auto layer = plain(0);
  layer.rules.sees = [](heed::at i) { return i.key != 1; };
  matrix<double> x(4, 2), y(4, 2);
  x << 2, 4, 100, 100, 6, 0, 1, 5;
  layer(x, y);
  expect(y, {2, 4, 2, 4, 4, 2, 3, 3});
  // The same place of the query with a cache, where it is not the row.
  layer.rules.sees = [](heed::at i) { return i.query == 3 ? i.key == 1 : i.key == i.query; };
  heed::kv_cache<double> cache({.capacity = 4, .width = 2});
  matrix<double> one(1, 2), three(3, 2);
  layer(x.topRows(3).eval(), three, cache);
  expect(three, {2, 4, 100, 100, 6, 0});
  layer(x.bottomRows(1).eval(), one, cache);
  expect(one, {100, 100});
}

// The tokens are unit vectors: the second scores 0 with the first, and with itself what is said.
TEST(attention_layer, by_hand_of_scores) {
  const auto x = two_tokens(1, 0, 0, 1);
  expect(apply(plain(std::sqrt(2.) * log_3), x), {1, 0, 0.25, 0.75});  // 1 / √width times √2 ln 3
  auto layer = plain(2 * log_3);
  layer.rules.scale = 0.5;
  expect(apply(layer, x), {1, 0, 0.25, 0.75});
  // tanh(ln(3) / 2) is 1/2: a score of ln(3)² under a cap of 2 ln 3 becomes ln 3.
  layer = plain(log_3 * log_3);
  layer.rules.scale = 1;
  layer.rules.soft_cap = 2 * log_3;
  expect(apply(layer, x), {1, 0, 0.25, 0.75});
  // A slope of ln 3 takes ln 3 from the score of the token before.
  layer = plain(0);
  layer.rules.alibi = {log_3};
  expect(apply(layer, x), {1, 0, 0.25, 0.75});
}

TEST(attention_layer, by_hand_of_clip_norms_and_biases) {
  auto layer = plain(0);
  layer.clip = 1;
  expect(apply(layer, two_tokens(0.5, 3, -7, 0)), {0.5, 1, -0.25, 0.5});
  // Norms to length √2: the query (0, √2) and the key (0, √2) score 2 times the scale.
  layer = plain(5);
  layer.query_norm = heed::rms_norm<double>({.model = 2, .epsilon = 0});
  layer.key_norm = layer.query_norm;
  layer.rules.scale = log_3 / 2;
  layer.value.weight.setIdentity();
  expect(apply(layer, two_tokens(10, 0, 0, 4)), {10, 0, 2.5, 3});
  layer = plain(0);
  layer.value.bias.resize(2);
  layer.value.bias << 1, 2;
  layer.output.bias.resize(2);
  layer.output.bias << 10, 20;
  expect(apply(layer, two_tokens(2, 4, 6, 0)), {13, 26, 15, 24});
}

// A pair of width 2 turns by one radian a position: neighbours of equal tokens score cos 1.
TEST(attention_layer, by_hand_of_rotary_positions) {
  auto layer = plain(1);
  layer.rotary.emplace(heed::rotary_embedding<double>::sizes{.width = 2});
  layer.rules.scale = log_3 / (1 - std::cos(1.));
  layer.value.weight << 0, 0, 1, 0;  // the second column of x alone
  layer.query.weight << 1, 0, 0, 0;
  layer.key.weight << 1, 0, 0, 0;
  expect(apply(layer, two_tokens(1, 4, 1, 8)), {4, 0, 7, 0});  // weights 1/4 and 3/4
}

// LongRoPE's frequency is 1 for two tokens, and 1/2 for three, also where the first is in a cache.
TEST(attention_layer, by_hand_of_rotary_positions_that_depend_on_the_length) {
  auto layer = plain(1);
  layer.rotary.emplace(heed::rotary_embedding<double>::sizes{
      .width = 2,
      .scaling = heed::longrope_scaling{
          .short_factors = {1}, .long_factors = {2}, .original_positions = 2}});
  for (auto* l : {&layer.query, &layer.key}) l->weight << 1, 0, 0, 0;
  layer.value.weight << 0, 0, 1, 0;
  layer.rules.scale = log_3 / (1 - std::cos(1.));
  expect(apply(layer, two_tokens(1, 4, 1, 8)), {4, 0, 7, 0});
  layer.rules.scale = log_3 / (1 - std::cos(0.5));
  matrix<double> x(3, 2), y(3, 2);
  x << 1, 4, 1, 8, 1, 0;
  layer(x, y);
  EXPECT_NEAR(y(1, 0), 7, 1e-14);
  heed::kv_cache<double> cache({.capacity = 3, .width = 2});
  matrix<double> one(1, 2), two(2, 2);
  layer(x.topRows(1).eval(), one, cache);
  layer(x.bottomRows(2).eval(), two, cache);
  EXPECT_NEAR(two(0, 0), 7, 1e-14);
}

// Two query heads share one key/value head: the first looks at column 0 of x, the second at column 1.
TEST(attention_layer, by_hand_of_heads) {
  attention_layer<double> layer({.model = 2, .heads = 2, .kv_heads = 1, .width = 1, .bias = false});
  layer.query.weight << 0, 1, 0, 0;  // queries 0 and x_0
  layer.key.weight << log_3, 0;
  layer.value.weight << 0, 1;
  layer.output.weight.setIdentity();
  // Keys 0 and ln 3, values 4 and 8: the first head takes their mean, the second 1/4 and 3/4.
  expect(apply(layer, two_tokens(0, 4, 1, 8)), {4, 4, 6, 7});
}

attention_layer<float> some_layer(bool rotary) {
  attention_layer<float> layer({.model = 24, .heads = 6, .kv_heads = 2, .width = 8, .seed = 3});
  for (auto* l : {&layer.query, &layer.key, &layer.value, &layer.output}) l->bias.setRandom();
  if (rotary)
    layer.rotary.emplace(heed::rotary_embedding<float>::sizes{.width = 8, .rotary_width = 4});
  return layer;
}

MatrixXd apply(const heed::linear<float>& l, const MatrixXd& x) {
  MatrixXd y = x * l.weight.cast<double>();
  y.rowwise() += l.bias.cast<double>();
  return y;
}
void rotate(MatrixXd& x) {
  for (index row = 0; row < x.rows(); ++row)
    for (index head = 0; head < x.cols(); head += 8)
      for (index i = 0; i < 2; ++i) {
        const double angle = double(row) * (i == 0 ? 1 : 0.01);
        const double a = x(row, head + i), b = x(row, head + i + 2);
        x(row, head + i) = a * std::cos(angle) - b * std::sin(angle);
        x(row, head + i + 2) = b * std::cos(angle) + a * std::sin(angle);
      }
}
void norm(MatrixXd& x, const heed::rms_norm<float>& by) {
  const index width = by.weight.size();
  for (index row = 0; row < x.rows(); ++row)
    for (index first = 0; first < x.cols(); first += width) {
      auto part = x.row(row).segment(first, width);
      part *= 1 / std::sqrt(part.squaredNorm() / double(width) + by.epsilon);
      part.array() *= by.weight.cast<double>().array();
    }
}

// Three products of at most 48 terms and an average of numbers near 1: 1e-5 is some hundred roundings.
template <class... Rules>
void expect_textbook(const attention_layer<float>& layer, const Rules&... rules) {
  for (const index tokens : {1, 4, 70}) {
    const matrix<float> x = matrix<float>::Random(tokens, 24);
    MatrixXd q = apply(layer.query, x.cast<double>()), k = apply(layer.key, x.cast<double>());
    const MatrixXd v = apply(layer.value, x.cast<double>());
    if (heed::has_norm(layer.query_norm))
      norm(q, std::get<heed::rms_norm<float>>(layer.query_norm));
    if (heed::has_norm(layer.key_norm)) norm(k, std::get<heed::rms_norm<float>>(layer.key_norm));
    if (layer.rotary) rotate(q), rotate(k);
    const MatrixXd want =
        apply(layer.output, heed::reference::attention(q, k, v, heed::heads{6, 2}, rules...));
    for (const auto order : {support::layout::row_major, support::layout::column_major}) {
      support::guarded<float> memory(tokens, 24, order, 7);
      auto y = memory.matrix();
      layer(x, y);
      EXPECT_TRUE(memory.intact());
      EXPECT_LE((y.cast<double>() - want).cwiseAbs().maxCoeff(), 1e-5) << tokens;
    }
    matrix<float> y(tokens, 24), in_place = x;
    layer(x, y);
    layer(in_place, in_place);
    EXPECT_TRUE(same_bits(y, in_place));
  }
}
TEST(attention_layer, is_its_formula) {
  expect_textbook(some_layer(false), heed::causal);
  expect_textbook(some_layer(true), heed::causal);
  auto layer = some_layer(true);
  heed::rms_norm<float> over_a_head({.model = 8});
  over_a_head.weight.setRandom();
  heed::rms_norm<float> over_a_row({.model = 16});
  over_a_row.weight.setRandom();
  layer.query_norm = over_a_head;
  layer.key_norm = over_a_row;
  layer.rules = {.window = 9, .scale = 0.4, .sinks = {0, 1, -1, 2, 0.5, -3}};
  expect_textbook(layer, heed::causal && heed::window{.left = 9}, heed::scale(0.4),
                  heed::sink(layer.rules.sinks));
  layer.rules = {.causal = false, .window = 9, .soft_cap = 1.5};
  expect_textbook(layer, heed::window{9, 9}, heed::soft_cap(1.5));
  const auto sees = [](heed::at i) { return i.key % 3 == i.query % 3 || i.head == 4; };
  layer.rules = {.window = 20, .sinks = {0, 1, -1, 2, 0.5, -3}, .sees = sees};
  expect_textbook(layer, heed::causal && heed::window{.left = 20} && heed::where(sees),
                  heed::sink(layer.rules.sinks));
  layer.rules = {.alibi = {1, 0.5, 0.25, 0.125, 2, 0}};
  expect_textbook(layer, heed::causal, heed::alibi(layer.rules.alibi));
}

TEST(attention_layer, has_the_same_bits_in_chunks_and_on_threads) {
  auto layer = some_layer(true);
  for (const int rule : {0, 1, 2}) {
    if (rule == 1) layer.rules.window = 11;
    if (rule == 2) layer.rules.sees = [](heed::at i) { return (i.query - i.key) % 5 < 3; };
    const matrix<float> x = matrix<float>::Random(40, 24);
    matrix<float> y(40, 24), again(40, 24);
    heed::kv_cache<float> whole({.capacity = 40, .heads = 2, .width = 8});
    layer(x, y, whole);
    layer(x, again, heed::on(support::on_threads, 3));
    EXPECT_TRUE(same_bits(y, again));
    heed::kv_cache<float> cache({.capacity = 40, .heads = 2, .width = 8});
    for (index first = 0; const index count : {1, 1, 7, 30, 1}) {
      matrix<float> part(count, 24);
      layer(x.middleRows(first, count).eval(), part, cache, heed::on(support::on_threads, 2));
      EXPECT_TRUE(same_bits(part, y.middleRows(first, count))) << first;
      first += count;
    }
    EXPECT_EQ(cache.size(), 40);
  }
}

// Dynamic NTK sees the length of each sequence.
TEST(attention_layer, packed_sequences_are_those_sequences) {
  auto layer = some_layer(true);
  layer.rotary.emplace(heed::rotary_embedding<float>::sizes{
      .width = 8, .scaling = heed::dynamic_ntk_scaling{.factor = 2, .original_positions = 8}});
  const matrix<float> x = matrix<float>::Random(40, 24);
  matrix<float> y(40, 24);
  const std::vector<index> starts{0, 5, 5, 25, 40};
  layer(x, y, starts);
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    const index count = starts[i + 1] - starts[i];
    const matrix<float> own = x.middleRows(starts[i], count);
    matrix<float> alone(count, 24);
    layer(own, alone);
    EXPECT_TRUE(same_bits(alone, y.middleRows(starts[i], count))) << i;
  }
}

TEST(attention_layer, refuses_what_does_not_fit) {
  const auto layer = some_layer(true);
  const matrix<float> x = matrix<float>::Random(7, 24), narrow = matrix<float>::Random(7, 20);
  matrix<float> y = matrix<float>::Constant(7, 24, 9);
  const matrix<float> before = y;
  heed::kv_cache<float> cache({.capacity = 10, .heads = 2, .width = 8});
  const auto refused = [&](const attention_layer<float>& one) {
    return refusal([&] { one(x, y, cache); });
  };
  EXPECT_EQ(refusal([&] { layer(narrow, y, cache); }),
            "heed::attention_layer: x is 7x20, but query.weight is 24x48 (inputs x outputs)");
  matrix<float> few(6, 24);
  EXPECT_EQ(refusal([&] { layer(x, few, cache); }),
            "heed::attention_layer: y is 6x24, but it must be 7x24");
  auto changed = layer;
  changed.output = heed::linear<float>({.inputs = 40, .outputs = 24});
  EXPECT_EQ(
      refused(changed),
      "heed::attention_layer: what the heads give is 7x48, but output.weight is 40x24 (inputs "
      "x outputs)");
  changed = layer;
  changed.rules.sinks = {1, 2};
  EXPECT_EQ(refused(changed),
            "heed::attention_layer: sink has 2 logits, but there are 6 query heads");
  changed = layer;
  changed.rules.soft_cap = -2;
  EXPECT_EQ(refused(changed),
            "heed::attention_layer: soft_cap is -2, but it must be positive and finite");
  changed.rules.soft_cap = 2;
  changed.rules.alibi = {1, 1, 1, 1, 1, 1};
  EXPECT_EQ(
      refused(changed),
      "heed::attention_layer: rules have slopes of ALiBi and a soft_cap of 2, but there can be "
      "only one of them");
  changed.rules = {.soft_cap = 2, .sees = [](heed::at) { return true; }};
  EXPECT_EQ(
      refused(changed),
      "heed::attention_layer: rules have a mask of your own, sees, beside 0 slopes of ALiBi, a "
      "distance_bias of 0 numbers and a soft_cap of 2, but there can be only one of them");
  EXPECT_EQ(cache.size(), 0) << "a refused call leaves rows in the cache";
  layer(x, y, cache);
  y = before;
  EXPECT_EQ(refusal<std::length_error>([&] { layer(x, y, cache); }),
            "heed::kv_cache: 7 more rows do not fit: 7 of 10 are taken");
  EXPECT_EQ(cache.size(), 7);
  EXPECT_EQ(refusal([&] {
              layer(x, y, std::vector<index>{0, 30, 7});
            }),
            "heed::attention_layer: starts of x fall from 30 to 7 at place 2");
  EXPECT_EQ(refusal([&] {
              layer(x, y, std::vector<index>{0, 9});
            }),
            "heed::attention_layer: starts of x end at 9, but x has 7 rows");
  EXPECT_EQ(y, before);
}

}  // namespace
