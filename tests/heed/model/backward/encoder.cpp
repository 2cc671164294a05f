// SPDX-License-Identifier: MIT
// The gradients of an encoder of tokens beside differences, in ragged batches; what is recomputed has the same
// bits.
#include "support/learning.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/model/backward/encoder.hpp>
#include <heed/model/backward/encoder_parameters.hpp>

namespace {

using heed::encoder;
using heed::index;
using heed::matrix;
using heed::token_sequences;
using support::some_numbers;

template <class Scalar>
encoder<Scalar> small_encoder(index types = 2) {
  encoder<Scalar> e({.vocabulary = 5,
                     .positions = 5,
                     .types = types,
                     .model = 6,
                     .layers = 2,
                     .heads = 3,
                     .hidden = 8});
  const auto weights = heed::parameters_of(e);
  support::fill_parameters(weights);
  for (const auto& p : weights)  // small weights of norms would leave nothing of the scores
    for (index i = 0; i < p.size() && p.name.find("norm") != p.name.npos; ++i) p.data[i] *= 3;
  return e;
}

// Two texts, of 3 tokens and of 4, the second of two parts.
token_sequences two_texts() {
  token_sequences s;
  s.append({1, 4, 2});
  s.append({0, 3, 3, 1});
  s.types = {0, 0, 0, 0, 0, 1, 1};
  return s;
}

// Compares with hidden_of(e), what the encoder computes without gradients, and its central differences.
template <class Input, class Hidden>
void check(encoder<double> e, const Input& input, const Hidden& hidden_of) {
  encoder<double> gradient = heed::zeros_like(e);
  heed::saved<encoder<double>> kept;
  heed::forward(e, input, kept);
  EXPECT_TRUE(support::same_bits(kept.hidden, hidden_of(e)));
  const matrix<double> d_hidden = some_numbers(kept.hidden.rows(), kept.hidden.cols(), 3);
  heed::backward(e, input, kept, d_hidden, gradient);
  const auto f = [&] { return hidden_of(e).cwiseProduct(d_hidden).sum(); };
  support::expect_gradients(heed::parameters_of(e), heed::parameters_of(gradient), f);
}
void check(const encoder<double>& e, const token_sequences& s) {
  check(e, s, [&](const encoder<double>& of) { return of.hidden(s); });
}

TEST(backward_of_encoder, with_norms_after_the_sums) {
  check(small_encoder<double>(), two_texts());
}

TEST(backward_of_encoder, with_norms_before_and_a_scale) {
  encoder<double> e = small_encoder<double>(0);
  e.embedding_scale = 2;
  e.embedding_norm = {};
  for (auto& block : e.blocks) {
    block.attention_norm = std::exchange(block.attention_norm_of_sum, {});
    block.feed_norm = std::exchange(block.feed_norm_of_sum, {});
  }
  e.final_norm = e.blocks[0].feed_norm;
  token_sequences s = two_texts();
  s.types.clear();
  check(e, s);
}

// RoBERTa's positions, which do not count one of the ids, and ModernBERT's: none but rotary ones.
TEST(backward_of_encoder, with_positions_of_every_kind) {
  encoder<double> e = small_encoder<double>();
  e.uncounted_id = 3;
  e.first_place = 1;
  check(e, two_texts());
  token_sequences s = two_texts();
  s.places = {2, 3, 4, 0, 1, 2, 4};
  e.uncounted_id = {};
  e.first_place = 0;
  check(e, s);
  e.places.reset();
  for (auto& block : e.blocks) {
    block.attention.rotary.emplace(heed::rotary_embedding<double>::sizes{.width = 2});
    block.attention.rules.window = 1;
  }
  check(e, two_texts());
}

// Two images of 2 channels, 4 x 5 pixels: two patches of 2 x 2 beside and below each other, the last column unread.
void check_images(const encoder<double>& e) {
  const matrix<double> images = some_numbers(2 * 2 * 4, 5, 8);
  check(e, images, [&](const encoder<double>& of) { return of.hidden_of_images(images); });
}

TEST(backward_of_encoder, of_images) {
  encoder<double> e = small_encoder<double>(0);
  e.words = {};
  e.patches = heed::patch_embedding<double>(
      {.channels = 2, .height = 4, .width = 5, .patch = 2, .model = 6});
  e.patches.projection.weight = some_numbers(8, 6, 9);
  e.patches.projection.bias.setOnes();
  e.patches.class_token = some_numbers(1, 6, 4).row(0);  // as in ViT; so 5 tokens an image
  check_images(e);
  e.patches.class_token.resize(0);
  e.patches.projection.bias.resize(0);  // as in CLIP
  check_images(e);
}

// Whisper's kind: two convolutions, the second of stride 2, places for what they give, norms before, a last norm.
template <class Scalar>
encoder<Scalar> small_listener() {
  encoder<Scalar> e = small_encoder<Scalar>(0);
  e.words = {};
  e.convolutions = {
      heed::convolution<Scalar>({.inputs = 4, .outputs = 6, .activation = heed::activation::gelu}),
      heed::convolution<Scalar>(
          {.inputs = 6, .outputs = 6, .stride = 2, .activation = heed::activation::gelu})};
  e.embedding_norm = {};
  for (auto& block : e.blocks) {
    block.attention_norm = std::exchange(block.attention_norm_of_sum, {});
    block.feed_norm = std::exchange(block.feed_norm_of_sum, {});
    block.attention.key.bias.resize(0);
  }
  e.final_norm = e.blocks[0].feed_norm;
  std::uint64_t seed = 50;
  for (auto& layer : e.convolutions) {
    layer.weights.weight =
        (0.6 * some_numbers(layer.weights.inputs(), 6, ++seed)).template cast<Scalar>();
    layer.weights.bias = some_numbers(1, 6, ++seed).template cast<Scalar>().row(0);
  }
  return e;
}

TEST(backward_of_encoder, of_features) {
  const matrix<double> features = some_numbers(9, 4, 8);  // 5 results
  check(small_listener<double>(), features,
        [&](const encoder<double>& of) { return of.hidden_of_features(features); });
}

// By hand: with no block, norm or place the hidden vectors are those of the convolution, here x + 10 times the next.
TEST(backward_of_encoder, of_features_by_hand) {
  encoder<float> e;
  e.convolutions = {heed::convolution<float>({.inputs = 1, .outputs = 1})};
  e.convolutions[0].weights.weight << 0, 1, 10;
  e.convolutions[0].weights.bias << 7;
  encoder<float> gradient = heed::zeros_like(e);
  heed::saved<encoder<float>> kept;
  matrix<float> features(2, 1), d_hidden(2, 1);
  features << 1, 2;
  d_hidden << 3, 5;
  heed::forward(e, features, kept);
  EXPECT_EQ(kept.hidden, (matrix<float>(2, 1) << 1 + 20 + 7, 2 + 7).finished());
  heed::backward(e, features, kept, d_hidden, gradient);
  const auto& layer = gradient.convolutions[0].weights;
  EXPECT_EQ(matrix<float>(layer.weight),
            (matrix<float>(3, 1) << 5 * 1, 3 * 1 + 5 * 2, 3 * 2).finished());
  EXPECT_EQ(layer.bias(0), 8);
}

TEST(backward_of_encoder, of_features_has_the_same_bits_on_any_number_of_threads) {
  const encoder<float> e = small_listener<float>();
  const matrix<float> features = some_numbers(10, 4, 8).cast<float>();
  const auto run = [&](heed::activations policy, const heed::executor& on) {
    encoder<float> gradient = heed::zeros_like(e);
    heed::saved<encoder<float>> kept;
    kept.policy = policy;
    heed::forward(e, features, kept, on);
    heed::backward(e, features, kept, kept.hidden, gradient, on);
    return gradient;
  };
  encoder<float> plain = run(heed::activations::kept, {});
  encoder<float> again = run(heed::activations::recomputed, {});
  encoder<float> three = run(heed::activations::kept, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_parameters(plain, again));
  EXPECT_TRUE(support::same_parameters(plain, three));
}

TEST(backward_of_encoder, finds_nothing_for_what_is_not_asked) {
  encoder<double> e = small_encoder<double>();
  encoder<double> gradient = heed::zeros_like(e), all = gradient;
  gradient.words.weight.resize(0, 0);
  gradient.places->weight.resize(0, 0);
  gradient.types.weight.resize(0, 0);
  heed::saved<encoder<double>> kept;
  heed::forward(e, two_texts(), kept);
  heed::backward(e, two_texts(), kept, kept.hidden, gradient);
  heed::backward(e, two_texts(), kept, kept.hidden, all);
  EXPECT_EQ(gradient.words.weight.size() + gradient.places->weight.size(), 0);
  EXPECT_TRUE(support::same_bits(gradient.blocks[0].attention.query.weight,
                                 all.blocks[0].attention.query.weight));
}

TEST(backward_of_encoder, has_the_same_bits_recomputed_and_on_any_number_of_threads) {
  const encoder<float> e = small_encoder<float>();
  const auto run = [&](heed::activations policy, const heed::executor& on) {
    encoder<float> gradient = heed::zeros_like(e);
    heed::saved<encoder<float>> kept;
    kept.policy = policy;
    heed::forward(e, two_texts(), kept, on);
    heed::backward(e, two_texts(), kept, kept.hidden, gradient, on);
    return gradient;
  };
  encoder<float> plain = run(heed::activations::kept, {});
  encoder<float> again = run(heed::activations::recomputed, {});
  encoder<float> three = run(heed::activations::kept, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_parameters(plain, again));
  EXPECT_TRUE(support::same_parameters(plain, three));
}

}  // namespace
