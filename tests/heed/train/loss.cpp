// SPDX-License-Identifier: MIT
// The loss of a decoder beside its own logits, its gradients beside differences; a sentence that is learned by
// heart.
#include "support/gradient_check.hpp"
#include "support/learning.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"

#include <heed/train/clip.hpp>
#include <heed/train/loss.hpp>

namespace {

using heed::decoder;
using heed::index;
using heed::matrix;
using heed::token_batch;
using support::small_decoder;

const token_batch batch{support::learning_ids, support::learning_starts, {4, 2, -1, 3, 3, 1, 0}};

double by_logits(const decoder<double>& d) {
  double sum = 0;
  for (std::size_t s = 0; s + 1 < batch.starts.size(); ++s) {
    const index first = batch.starts[s], end = batch.starts[s + 1];
    const matrix<double> logits =
        d(std::vector<index>(batch.ids.begin() + first, batch.ids.begin() + end));
    for (index t = first; t < end; ++t) {
      const index target = batch.targets[std::size_t(t)];
      if (target < 0) continue;
      sum += std::log(logits.row(t - first).array().exp().sum()) - logits(t - first, target);
    }
  }
  return sum;
}

void check(decoder<double> d) {
  decoder<double> gradient = heed::zeros_like(d);
  heed::saved<decoder<double>> kept;
  const heed::loss_sum loss = heed::loss_and_gradient(d, batch, 0.5, kept, gradient);
  EXPECT_EQ(loss.tokens, 6);
  EXPECT_NEAR(loss.sum, by_logits(d), 1e-12);
  EXPECT_NEAR(loss.mean(), by_logits(d) / 6, 1e-12);
  EXPECT_EQ(heed::loss_of(d, batch, kept).sum, loss.sum);
  const auto weights = heed::parameters_of(d), derivatives = heed::parameters_of(gradient);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].name.ends_with("key.bias")) continue;  // softmax does not see it
    Eigen::Map<matrix<double>> w(weights[i].data, weights[i].rows, weights[i].cols);
    const Eigen::Map<matrix<double>> dw(derivatives[i].data, w.rows(), w.cols());
    support::expect_gradient(weights[i].name.c_str(), w, dw, [&] { return by_logits(d) / 2; });
  }
}

TEST(loss_and_gradient, is_the_difference_of_the_logits_with_a_tied_head) {
  check(small_decoder<double>(4));
}

TEST(loss_and_gradient, with_a_head_of_its_own_that_is_projected_and_capped) {
  decoder<double> d = small_decoder<double>(0, 1);
  d.head_projection = heed::linear<double>({.inputs = 6, .outputs = 3, .bias = false});
  d.head = heed::linear<double>({.inputs = 3, .outputs = 5});
  support::fill_some(d.head.bias, 50);
  d.logit_cap = 2;
  d.logit_scale = 0.8;
  check(d);
}

TEST(loss_and_gradient, refuses_targets_that_are_none) {
  decoder<double> d = small_decoder<double>(4), gradient = d;
  heed::saved<decoder<double>> kept;
  token_batch wrong = batch;
  wrong.targets[2] = 5;
  EXPECT_EQ(support::refusal<std::out_of_range>(
                [&] { heed::loss_and_gradient(d, wrong, 1, kept, gradient); }),
            "heed::loss: target 5 is outside the vocabulary of 5");
  wrong.targets.pop_back();
  EXPECT_EQ(support::refusal([&] { heed::loss_and_gradient(d, wrong, 1, kept, gradient); }),
            "heed::loss: there are 6 targets for 7 tokens");
}

TEST(loss_and_gradient, of_nothing_is_nothing) {
  decoder<double> d = small_decoder<double>(4), gradient = heed::zeros_like(d);
  heed::saved<decoder<double>> kept;
  const heed::loss_sum loss = heed::loss_and_gradient(d, {{}, {0, 0}, {}}, 1, kept, gradient);
  EXPECT_EQ(loss.tokens, 0);
  EXPECT_EQ(loss.mean(), 0);
  EXPECT_EQ(heed::norm_of(heed::parameters_of(gradient)), 0);
}

TEST(token_batch, asks_for_each_token_but_the_first) {
  token_batch b;
  b.append({7, 8, 9});
  b.append({1});
  EXPECT_EQ(b.ids, (std::vector<index>{7, 8}));
  EXPECT_EQ(b.targets, (std::vector<index>{8, 9}));
  EXPECT_EQ(b.starts, (std::vector<index>{0, 2, 2}));
}

// A tiny decoder of each kind learns a sentence by heart, with the same bits on three threads.
TEST(loss_and_gradient, a_sentence_is_learned_by_heart) {
  const std::string sentence = "attention is all you need";
  for (const index positions : {index(0), index(32)}) {
    const auto learn = [&](const heed::executor& on) {
      decoder<float> d({.vocabulary = 128,
                        .positions = positions,
                        .model = 16,
                        .layers = 2,
                        .heads = 2,
                        .hidden = 32,
                        .seed = 1});
      decoder<float> gradient = heed::zeros_like(d);
      token_batch text;
      text.append({sentence.begin(), sentence.end()});
      const auto weights = heed::parameters_of(d), derivatives = heed::parameters_of(gradient);
      heed::adamw<float> optimiser;
      heed::saved<decoder<float>> kept;
      for (int step = 0; step < 150; ++step) {
        heed::set_zero(derivatives);
        heed::loss_and_gradient(d, text, 1.0 / 24, kept, gradient, on);
        heed::clip_by_norm(derivatives, 1, on);
        optimiser.step(weights, derivatives, 0.01, on);
      }
      EXPECT_LT(heed::loss_of(d, text, kept, on).mean(), 0.02);
      return d;
    };
    decoder<float> one = learn({}), three = learn(heed::executor_of(support::on_threads, 3));
    EXPECT_TRUE(support::same_parameters(one, three));
    const matrix<float> logits = one(std::vector<index>{sentence.begin(), sentence.end()});
    for (index i = 0; i + 1 < logits.rows(); ++i) {
      index best = 0;
      logits.row(i).maxCoeff(&best);
      EXPECT_EQ(char(best), sentence[std::size_t(i) + 1]);
    }
  }
}

}  // namespace
