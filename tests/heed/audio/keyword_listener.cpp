// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "support/kwt1.hpp"
#include "support/refusal.hpp"

#include <heed/audio/keyword_listener.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using heed::index;
using heed::matrix;

// Two blocks over 7 frames of 4 coefficients, from windows of 8 samples every 4.
constexpr heed::mel_sizes sizes{
    .window = 8, .hop = 4, .transform = 16, .bands = 6, .coefficients = 4};

heed::keyword_model small_model() {
  heed::keyword_model model;
  model.input = heed::linear<float>({.inputs = 4, .outputs = 8, .seed = 1});
  model.class_token.setConstant(8, 0.25f);
  model.places = matrix<float>::Random(8, 8);
  for (std::uint64_t i = 0; i < 2; ++i) {
    heed::transformer_block<float> block;
    block.attention = heed::attention_layer<float>({.model = 8, .heads = 2, .seed = i});
    block.attention.rules.causal = false;
    block.attention_norm_of_sum = heed::layer_norm<float>({.model = 8});
    block.feed = heed::feed_forward<float>({.model = 8, .hidden = 16, .seed = i + 9});
    block.feed_norm_of_sum = heed::layer_norm<float>({.model = 8});
    model.blocks.push_back(std::move(block));
  }
  model.head = heed::linear<float>({.inputs = 8, .outputs = 3, .seed = 2});
  return model;
}

std::vector<float> some_sound(index samples) {
  const Eigen::VectorXf sound = Eigen::VectorXf::Random(samples);
  return {sound.begin(), sound.end()};
}

struct said {
  std::vector<index> ends;
  std::vector<Eigen::RowVectorXf> probabilities;
};

said listen(const heed::keyword_model& model, const std::vector<float>& sound, std::size_t chunk,
            index step) {
  said all;
  heed::keyword_listener listener(model, step, sizes);
  for (std::size_t i = 0; i < sound.size(); i += chunk)
    listener.push(std::span(sound).subspan(i, std::min(chunk, sound.size() - i)),
                  [&](const heed::heard& h) {
                    all.ends.push_back(h.end);
                    all.probabilities.push_back(h.probabilities);
                  });
  return all;
}

TEST(keyword_listener, hears_a_window_at_every_step_as_if_it_stood_alone) {
  const heed::keyword_model model = small_model();
  const std::vector<float> sound = some_sound(70);
  const said all = listen(model, sound, 70, 12);
  EXPECT_EQ(all.ends, (std::vector<index>{32, 44, 56, 68}));
  heed::mel_features features(sizes);
  for (std::size_t i = 0; i < all.ends.size(); ++i) {
    const auto begin = static_cast<std::size_t>(all.ends[i] - 32);
    Eigen::RowVectorXf scores(3);
    model(features(std::span(sound).subspan(begin, 32)), scores);
    const Eigen::RowVectorXf powers = scores.array().exp();
    EXPECT_LE((all.probabilities[i] - powers / powers.sum()).cwiseAbs().maxCoeff(), 1e-6f);
  }
}

TEST(keyword_listener, says_the_same_however_the_sound_is_cut) {
  const heed::keyword_model model = small_model();
  const std::vector<float> sound = some_sound(333);
  const said whole = listen(model, sound, 333, 4);
  EXPECT_EQ(whole.ends.size(), (333u - 32) / 4 + 1);
  for (const std::size_t chunk : {1u, 3u, 8u, 100u}) {
    const said cut = listen(model, sound, chunk, 4);
    EXPECT_EQ(cut.ends, whole.ends);
    EXPECT_EQ(cut.probabilities, whole.probabilities);
  }
  EXPECT_TRUE(listen(model, some_sound(31), 31, 4).ends.empty());
}

TEST(keyword_listener, allocates_nothing_after_the_first_window) {
  const heed::keyword_model model = small_model();
  heed::keyword_listener listener(model, 4, sizes);
  const std::vector<float> sound = some_sound(50);
  index windows = 0;
  const auto hear = [&](const heed::heard& h) { windows += h.best() >= 0 ? 1 : 0; };
  listener.push(std::span(sound).first(32), hear);
  ASSERT_EQ(windows, 1);
  EXPECT_EQ(support::allocations_in([&] {
              for (int i = 0; i < 20; ++i) listener.push(sound, hear);
            }),
            0);
  EXPECT_EQ(windows, 1 + 250);
}

TEST(keyword_listener, refuses_steps_and_models_that_do_not_fit) {
  const heed::keyword_model model = small_model();
  const auto refusal = [&](index step, const heed::mel_sizes& s) {
    return support::refusal<heed::shape_error>([&] { heed::keyword_listener(model, step, s); });
  };
  EXPECT_EQ(refusal(6, sizes),
            "heed::keyword_listener: step is 6 samples, but it must be a multiple of the hop of 4");
  EXPECT_EQ(refusal(1600, {}),
            "heed::keyword_listener: the model takes 4 features, but there are 40 coefficients; "
            "hop is 160, window is 480");
}

TEST(keyword_listener, hears_the_six_golden_words) {
  const auto golden = support::load_kwt1();
  if (!golden) GTEST_SKIP() << support::data_is_missing("models/kwt1");
  for (index i = 0; i < 6; ++i) {
    heed::keyword_listener listener(golden->model);
    EXPECT_EQ(listener.window(), 16000);
    const Eigen::RowVectorXf sound = golden->sounds.row(i);
    index windows = 0;
    listener.push({sound.data(), 16000}, [&](const heed::heard& h) {
      ++windows;
      EXPECT_EQ(h.end, 16000);
      EXPECT_EQ(h.best(), i + 2);
    });
    EXPECT_EQ(windows, 1);
    EXPECT_EQ(support::allocations_in([&] {
                listener.push({sound.data(), 16000}, [&](const heed::heard&) { ++windows; });
              }),
              0);
    EXPECT_EQ(windows, 11);
  }
}

}  // namespace
