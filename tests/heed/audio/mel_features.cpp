// SPDX-License-Identifier: MIT
// Features of sounds: by hand, and the golden ones of the Keyword Transformer.
#include "support/allocations.hpp"
#include "support/kwt1.hpp"
#include "support/refusal.hpp"

#include <heed/audio/mel_features.hpp>

#include <gtest/gtest.h>

#include <iostream>
#include <vector>

namespace {

using heed::index;
using heed::matrix;

std::vector<float> tone(double frequency, index samples, double rate = 16000) {
  std::vector<float> sound;
  for (index i = 0; i < samples; ++i)
    sound.push_back(float(std::sin(2 * std::numbers::pi * frequency * double(i) / rate)));
  return sound;
}

TEST(mel_features, counts_whole_frames) {
  const heed::mel_features features;
  EXPECT_EQ(features.frames(0), 0);
  EXPECT_EQ(features.frames(479), 0);
  EXPECT_EQ(features.frames(480), 1);
  EXPECT_EQ(features.frames(639), 1);
  EXPECT_EQ(features.frames(640), 2);
  EXPECT_EQ(features.frames(16000), 98);
}

// All bands of silence hold the least: the first coefficient is its logarithm times bands √(2 / bands), since
// the cosine is 1; the others are sums of a whole number of half waves, 0.
TEST(mel_features, of_silence_are_the_logarithm_of_the_least) {
  heed::mel_features features({.quietest = 1e-6});
  const matrix<float> x = features(std::vector<float>(640));
  ASSERT_EQ(x.rows(), 2);
  ASSERT_EQ(x.cols(), 40);
  EXPECT_NEAR(x(1, 0), std::log(1e-6) * std::sqrt(160.0), 1e-4);
  EXPECT_LE(x.rightCols(39).cwiseAbs().maxCoeff(), 1e-4f);
}

// With as many coefficients as bands the transform can be undone: each band's logarithm comes back. A tone
// stands in the bands around its place on the mel scale.
TEST(mel_features, of_a_tone_stand_in_its_band) {
  heed::mel_features features({.bands = 20, .coefficients = 20});
  const double step = 1127 * (std::log1p(7600 / 700.0) - std::log1p(20 / 700.0)) / 21;
  for (const double frequency : {500.0, 1000.0, 3000.0}) {
    const matrix<float> x = features(tone(frequency, 480));
    Eigen::VectorXd bands(20);
    for (index band = 0; band < 20; ++band) {
      bands(band) = -double(x(0, 0)) / 2;
      for (index i = 0; i < 20; ++i)
        bands(band) +=
            double(x(0, i)) * std::cos(std::numbers::pi / 20 * double(i) * (double(band) + 0.5));
    }
    index loudest = 0;
    bands.maxCoeff(&loudest);
    const double place = 1127 * (std::log1p(frequency / 700) - std::log1p(20 / 700.0)) / step - 1;
    EXPECT_NEAR(double(loudest), place, 1) << frequency;
  }
}

TEST(mel_features, allocates_nothing_after_the_first_frame) {
  heed::mel_features features;
  const std::vector<float> sound = tone(440, 480);
  matrix<float> x(2, 40);
  EXPECT_EQ(support::second_call([&] { features.frame(sound, x.row(1)); }), 0);
}

TEST(mel_features, are_the_golden_ones) {
  const auto golden = support::load_kwt1();
  if (!golden) GTEST_SKIP() << support::data_is_missing("models/kwt1");
  heed::mel_features features;
  float largest = 0;
  for (index i = 0; i < 6; ++i) {
    const Eigen::RowVectorXf sound = golden->sounds.row(i);
    const matrix<float> x = features({sound.data(), 16000});
    ASSERT_EQ(x.rows(), 98);
    largest =
        std::max(largest, (x - golden->features.middleRows(98 * i, 98)).cwiseAbs().maxCoeff());
  }
  std::cout << "largest error: " << largest << std::endl;
  EXPECT_LE(largest, 2e-4f);
}

TEST(mel_features, refuse_sizes_that_do_not_fit) {
  const auto said = [](const heed::mel_sizes& s) {
    return support::refusal<heed::shape_error>([&] { heed::mel_features features(s); });
  };
  EXPECT_EQ(
      said({.hop = 0}),
      "heed::mel_features: rate is 16000, hop is 0, bands is 80, coefficients is 40; all must "
      "be positive");
  EXPECT_EQ(said({.window = 600}),
            "heed::mel_features: window is 600, transform is 512; transform must be a multiple of "
            "4, and no smaller than window");
  EXPECT_EQ(
      said({.bands = 10}),
      "heed::mel_features: coefficients is 40, bands is 10; there can be no more coefficients "
      "than bands");
  EXPECT_EQ(said({.rate = 8000}),
            "heed::mel_features: bands from 20 to 7600 Hz; half of the rate is 4000 Hz");
  EXPECT_EQ(
      support::refusal<heed::shape_error>([] {
        Eigen::RowVectorXf x(40);
        heed::mel_features().frame(std::vector<float>(479), x);
      }),
      "heed::mel_features: a frame has 480 samples and 40 coefficients, but there are 479 and "
      "40");
}

}  // namespace
