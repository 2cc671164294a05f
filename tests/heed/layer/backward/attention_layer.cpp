// SPDX-License-Identifier: MIT
// The gradients of the attention layer beside differences, with all that it may have; its forward beside its own.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/backward/attention_layer.hpp>

namespace {

using heed::attention_layer;
using heed::index;
using heed::linear;
using heed::matrix;
using heed::normalisation;
using support::same_bits;
using support::some_numbers;

const std::vector<index> starts = {0, 3, 3, 7};  // the second sequence is empty

template <class Scalar>
void clear(normalisation<Scalar>& norm) {
  if (auto* const n = std::get_if<heed::rms_norm<Scalar>>(&norm)) n->weight.setZero();
}
template <class Scalar>
attention_layer<Scalar> zeros_of(attention_layer<Scalar> layer) {
  for (auto* part : {&layer.query, &layer.key, &layer.value, &layer.output}) {
    part->weight.setZero();
    part->bias.setZero();
  }
  clear(layer.query_norm);
  clear(layer.key_norm);
  layer.rules.distance_bias.setZero();
  return layer;
}

attention_layer<double> some_layer() {
  attention_layer<double> layer({.model = 6, .heads = 4, .kv_heads = 2, .width = 2});
  std::uint64_t seed = 10;
  for (auto* part : {&layer.query, &layer.key, &layer.value, &layer.output})
    support::fill_some(part->bias, ++seed);
  return layer;
}

void check(attention_layer<double> layer) {
  attention_layer<double> gradient = zeros_of(layer);
  matrix<double> x = some_numbers(7, 6, 2), y(7, 6), d_x = matrix<double>::Zero(7, 6), want(7, 6);
  const matrix<double> d_y = some_numbers(7, 6, 3);
  heed::saved<attention_layer<double>> kept;
  heed::forward(layer, x, y, starts, kept);
  layer(x, want, starts);
  EXPECT_TRUE(same_bits(y, want));
  heed::backward(layer, x, starts, kept, d_y, d_x, gradient);
  const auto f = [&] {
    layer(x, want, starts);
    return want.cwiseProduct(d_y).sum();
  };
  support::expect_gradient("x", x, d_x, f);
  const auto part = [&](const char* of, linear<double>& by, linear<double>& d) {
    support::expect_gradient(of, by.weight, d.weight, f);
  };
  part("query", layer.query, gradient.query);
  part("key", layer.key, gradient.key);
  part("value", layer.value, gradient.value);
  part("output", layer.output, gradient.output);
  support::expect_gradient("query.bias", layer.query.bias, gradient.query.bias, f);
  support::expect_gradient("value.bias", layer.value.bias, gradient.value.bias, f);
  const auto norm = [&](const char* of, normalisation<double>& by, normalisation<double>& d) {
    if (auto* const n = std::get_if<heed::rms_norm<double>>(&by))
      support::expect_gradient(of, n->weight, std::get<heed::rms_norm<double>>(d).weight, f);
  };
  norm("query_norm", layer.query_norm, gradient.query_norm);
  norm("key_norm", layer.key_norm, gradient.key_norm);
  if (layer.rules.distance_bias.size() > 0)
    support::expect_gradient("distance_bias", layer.rules.distance_bias,
                             gradient.rules.distance_bias, f);
}

TEST(backward_of_attention_layer, causal_with_grouped_heads) { check(some_layer()); }

TEST(backward_of_attention_layer, of_all_that_a_sequence_has) {
  attention_layer<double> layer = some_layer();
  layer.rules.causal = false;
  layer.rules.scale = 0.3;
  layer.rules.window = 1;
  layer.rules.soft_cap = 2;
  check(layer);
}

// YaRN multiplies what it rotates by a length, which the gradient has once more.
TEST(backward_of_attention_layer, rotated_and_normed) {
  attention_layer<double> layer = some_layer();
  layer.query_norm = heed::rms_norm<double>({.model = 2});
  layer.key_norm = heed::rms_norm<double>({.model = 4});
  layer.rotary.emplace(heed::rotary_embedding<double>::sizes{
      .width = 2, .scaling = heed::yarn_scaling{.factor = 4, .original_positions = 8}});
  check(layer);
}

TEST(backward_of_attention_layer, with_slopes_and_a_clip) {
  attention_layer<double> layer = some_layer();
  layer.rules.alibi = {0.5, 0.25, 0.125, 0.0625};
  layer.clip = 0.8;
  check(layer);
}

TEST(backward_of_attention_layer, with_biases_of_distances_and_sinks) {
  attention_layer<double> layer = some_layer();
  layer.rules.distance_bias = some_numbers(4, 5, 20);
  layer.rules.sinks = {0.5, -1, 0, 1};
  check(layer);
}

// The bias is left out where the gradient has no table; what is found is added to.
TEST(backward_of_attention_layer, finds_the_bias_of_distances_where_it_is_asked_for) {
  attention_layer<double> layer = some_layer();
  layer.rules.distance_bias = some_numbers(4, 5, 20);
  const matrix<double> x = some_numbers(7, 6, 2), d_y = some_numbers(7, 6, 3);
  matrix<double> y(7, 6), d_x = matrix<double>::Zero(7, 6), d_x_without = d_x;
  heed::saved<attention_layer<double>> kept;
  heed::forward(layer, x, y, starts, kept);
  attention_layer<double> gradient = zeros_of(layer), without = gradient;
  without.rules.distance_bias.resize(0, 0);
  heed::backward(layer, x, starts, kept, d_y, d_x, gradient);
  heed::backward(layer, x, starts, kept, d_y, d_x_without, without);
  EXPECT_TRUE(same_bits(d_x, d_x_without));
  EXPECT_EQ(without.rules.distance_bias.size(), 0);
  const matrix<double> once = gradient.rules.distance_bias;
  heed::backward(layer, x, starts, kept, d_y, d_x, gradient);
  EXPECT_LT((gradient.rules.distance_bias - 2 * once).cwiseAbs().maxCoeff(), 1e-14);
  gradient.rules.distance_bias.resize(4, 3);
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [&] { heed::backward(layer, x, starts, kept, d_y, d_x, gradient); }),
            "heed::attention_layer: the gradient of the bias of distances is 4x3, but the bias is "
            "4x5");
}

TEST(backward_of_attention_layer, with_a_mask_of_your_own) {
  attention_layer<double> layer = some_layer();
  layer.rules.sees = [](heed::at i) { return i.key % 2 == 0 || i.head == 1; };
  layer.rules.sinks = {0.5, -1, 0, 1};
  check(layer);
}

TEST(backward_of_attention_layer, has_the_same_bits_on_any_number_of_threads) {
  attention_layer<float> layer({.model = 32, .heads = 4});
  layer.rotary.emplace(heed::rotary_embedding<float>::sizes{.width = 8});
  const matrix<float> x = some_numbers(100, 32, 2).cast<float>();
  const std::vector<index> parts = {0, 40, 100};
  const auto run = [&](const heed::executor& on) {
    heed::saved<attention_layer<float>> kept;
    matrix<float> y(100, 32), d_x = x;
    attention_layer<float> gradient = zeros_of(layer);
    heed::forward(layer, x, y, parts, kept, on);
    heed::backward(layer, x, parts, kept, y, d_x, gradient, on);
    matrix<float> all(232, 32);
    all << y, d_x, gradient.key.weight;
    return all;
  };
  EXPECT_TRUE(same_bits(run({}), run(heed::executor_of(support::on_threads, 3))));
}

}  // namespace
