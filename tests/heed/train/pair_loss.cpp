// SPDX-License-Identifier: MIT
// The loss of an encoder-decoder beside its own logits, its gradients beside differences; two sentences that are
// translated by heart.
#include "support/small_translator.hpp"

#include <heed/train/optimiser.hpp>
#include <heed/train/pair_loss.hpp>

namespace {

using heed::encoder_decoder;
using heed::index;
using heed::matrix;

const heed::token_batch targets{
    support::target_ids, support::target_starts, {2, 4, 1, 4, 1, -1, 3}};

double by_logits(const encoder_decoder<double>& m) {
  const matrix<double> logits = m.decoder.logits(support::hidden_one_by_one(m));
  double sum = 0;
  for (index t = 0; t < logits.rows(); ++t) {
    const index target = targets.targets[std::size_t(t)];
    if (target >= 0) sum += std::log(logits.row(t).array().exp().sum()) - logits(t, target);
  }
  return sum;
}

TEST(pair_loss, is_the_difference_of_the_logits) {
  encoder_decoder<double> m = support::small_translator<double>(1);
  encoder_decoder<double> gradient = heed::zeros_like(m);
  heed::saved<encoder_decoder<double>> kept;
  const heed::loss_sum loss =
      heed::loss_and_gradient(m, support::three_sources(), targets, 0.5, kept, gradient);
  EXPECT_EQ(loss.tokens, 6);
  EXPECT_NEAR(loss.sum, by_logits(m), 1e-12);
  EXPECT_EQ(heed::loss_of(m, support::three_sources(), targets, kept).sum, loss.sum);
  support::expect_gradients(heed::parameters_of(m), heed::parameters_of(gradient),
                            [&] { return by_logits(m) / 2; });
}

// Two sources that differ in their last token alone, and so do their targets: 0 begins a target and 4 ends it.
TEST(pair_loss, teaches_to_translate) {
  encoder_decoder<float> m = support::small_translator<float>(1);
  heed::token_sequences sources;
  sources.append({1, 2, 3});
  sources.append({1, 2, 2});
  heed::token_batch pairs;
  pairs.append({0, 3, 1, 4});
  pairs.append({0, 2, 1, 4});
  heed::adamw<float> optimiser({.decay = 0});
  heed::saved<encoder_decoder<float>> kept;
  for (int step = 0; step < 200; ++step) {
    encoder_decoder<float> gradient = heed::zeros_like(m);
    heed::loss_and_gradient(m, sources, pairs, 1.0 / 6, kept, gradient);
    optimiser.step(heed::parameters_of(m), heed::parameters_of(gradient), 0.02);
  }
  EXPECT_LT(heed::loss_of(m, sources, pairs, kept).mean(), 0.01);
}

}  // namespace
