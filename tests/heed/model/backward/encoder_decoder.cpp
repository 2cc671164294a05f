// SPDX-License-Identifier: MIT
// The gradients of an encoder-decoder beside differences, in ragged batches of pairs.
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/small_translator.hpp"

#include <heed/model/backward/encoder_decoder.hpp>

namespace {

using heed::encoder_decoder;
using heed::index;
using heed::matrix;
using support::small_translator;
using support::some_numbers;
using support::target_ids;
using support::target_starts;
using support::three_sources;

template <class Scalar>
encoder_decoder<Scalar> gradient_of(const encoder_decoder<Scalar>& m,
                                    const matrix<Scalar>& d_hidden, const heed::executor& on = {}) {
  encoder_decoder<Scalar> gradient = heed::zeros_like(m);
  heed::saved<encoder_decoder<Scalar>> kept;
  heed::forward(m, three_sources(), target_ids, target_starts, kept, on);
  EXPECT_TRUE(support::same_bits(kept.target.hidden, support::hidden_one_by_one(m)));
  heed::backward(m, three_sources(), target_ids, target_starts, kept, d_hidden, gradient, on);
  return gradient;
}

void check(encoder_decoder<double> m) {
  const matrix<double> d_hidden = some_numbers(7, 6, 3);
  encoder_decoder<double> gradient = gradient_of(m, d_hidden);
  const auto f = [&] { return support::hidden_one_by_one(m).cwiseProduct(d_hidden).sum(); };
  support::expect_gradients(heed::parameters_of(m), heed::parameters_of(gradient), f);
}

TEST(backward_of_encoder_decoder, with_norms_before) { check(small_translator<double>()); }

TEST(backward_of_encoder_decoder, with_norms_after_the_sums_and_a_scale) {
  encoder_decoder<double> m = small_translator<double>(1);
  m.decoder.embedding_scale = 2;
  m.decoder.blocks[0].attention_norm_of_sum = std::exchange(m.decoder.blocks[0].attention_norm, {});
  m.cross_blocks[0].attention_norm_of_sum = std::exchange(m.cross_blocks[0].attention_norm, {});
  m.cross_blocks[0].feed_norm_of_sum = std::exchange(m.cross_blocks[0].feed_norm, {});
  check(std::move(m));
}

// As in T5, where scores have a bias by distance and no scale; heads share keys in the cross-attention.
TEST(backward_of_encoder_decoder, with_a_bias_by_distance_and_shared_keys) {
  encoder_decoder<double> m = small_translator<double>(1);
  m.decoder.blocks[0].attention.rules.distance_bias = some_numbers(3, 9, 4);
  m.decoder.blocks[0].attention.rules.scale = 1;
  m.encoder.blocks[0].attention.rules.distance_bias = some_numbers(2, 9, 5);
  heed::attention_layer<double>& cross = m.cross_blocks[0].attention;
  cross = heed::attention_layer<double>({.model = 6, .heads = 3, .kv_heads = 1, .width = 2});
  cross.rules.causal = false;
  cross.rules.scale = 1;
  check(std::move(m));
}

// As Whisper, whose source is sound: two convolutions of (9, 4), the second of stride 2, make 5 rows.
TEST(backward_of_encoder_decoder, of_features) {
  encoder_decoder<double> m = small_translator<double>(1);
  m.encoder.words = {};
  m.encoder.convolutions = {
      heed::convolution<double>({.inputs = 4, .outputs = 6, .activation = heed::activation::gelu}),
      heed::convolution<double>(
          {.inputs = 6, .outputs = 6, .stride = 2, .activation = heed::activation::gelu})};
  std::uint64_t seed = 50;
  for (auto& layer : m.encoder.convolutions) support::fill_some(layer.weights.weight, ++seed, 0.6);
  const matrix<double> sound = some_numbers(9, 4, 8), d_hidden = some_numbers(4, 6, 3);
  const std::vector<index> ids{0, 2, 4, 1}, starts{0, 4};
  const auto hidden = [&] {
    auto cache = m.cache(m.encoder.hidden_of_features(sound), 4);
    return m.hidden(ids, cache);
  };
  encoder_decoder<double> gradient = heed::zeros_like(m);
  heed::saved<encoder_decoder<double>> kept;
  heed::forward(m, sound, ids, starts, kept);
  EXPECT_TRUE(support::same_bits(kept.target.hidden, hidden()));
  heed::backward(m, sound, ids, starts, kept, d_hidden, gradient);
  support::expect_gradients(heed::parameters_of(m), heed::parameters_of(gradient),
                            [&] { return hidden().cwiseProduct(d_hidden).sum(); });
  EXPECT_EQ(support::refusal<heed::shape_error>([&] {
              heed::forward(m, sound, ids, {0, 1, 4}, kept);
            }),
            "heed::forward of attention_layer: x has 2 sequences, but memory has 1");
}

// By hand: one target token and one source token with a single head are attended to with the weight 1, so that the
// gradients of the query are 0 and that of the value's bias is that of the context.
TEST(backward_of_encoder_decoder, finds_nothing_for_a_query_with_one_key) {
  const encoder_decoder<double> m = small_translator<double>(1);
  encoder_decoder<double> gradient = heed::zeros_like(m);
  heed::saved<encoder_decoder<double>> kept;
  heed::token_sequences one({2});
  const matrix<double> d_hidden = some_numbers(1, 6, 3);
  heed::forward(m, one, {0}, {0, 1}, kept);
  heed::backward(m, one, {0}, {0, 1}, kept, d_hidden, gradient);
  const heed::attention_layer<double>& cross = gradient.cross_blocks[0].attention;
  EXPECT_NEAR(cross.query.weight.cwiseAbs().maxCoeff(), 0, 1e-14);
  const Eigen::RowVectorXd by_bias =
      cross.output.bias * m.cross_blocks[0].attention.output.weight.transpose();
  EXPECT_LT((cross.value.bias - by_bias).cwiseAbs().maxCoeff(), 1e-13);
  EXPECT_GT(by_bias.cwiseAbs().maxCoeff(), 0.01);
}

TEST(backward_of_encoder_decoder, has_the_same_bits_on_any_number_of_threads) {
  const encoder_decoder<float> m = small_translator<float>();
  const matrix<float> d_hidden = some_numbers(7, 6, 3).cast<float>();
  encoder_decoder<float> one = gradient_of(m, d_hidden);
  encoder_decoder<float> three =
      gradient_of(m, d_hidden, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_parameters(one, three));
}

TEST(backward_of_encoder_decoder, refuses_what_does_not_fit) {
  encoder_decoder<double> m = small_translator<double>(1);
  heed::saved<encoder_decoder<double>> kept;
  EXPECT_EQ(support::refusal<heed::shape_error>([&] {
              heed::forward(m, three_sources(), {0, 1}, {0, 1, 2}, kept);
            }),
            "heed::forward of attention_layer: x has 2 sequences, but memory has 3");
  m.cross_blocks[0].attention.rotary.emplace(heed::rotary_embedding<double>::sizes{.width = 2});
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [&] { heed::forward(m, three_sources(), target_ids, target_starts, kept); }),
            "heed::forward of attention_layer: the layer has rotary positions, but keys of another "
            "sequence have none");
  m.cross_blocks.clear();
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [&] { heed::forward(m, three_sources(), target_ids, target_starts, kept); }),
            "heed::forward of encoder_decoder: there are 1 blocks of the decoder and 0 of "
            "cross-attention");
}

}  // namespace
