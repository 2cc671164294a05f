// SPDX-License-Identifier: MIT
// Every scaling of rotary frequencies, by hand: with theta a power of 10, and a trained context of 2 π
// times a round number, so that the turns of a pair are round.
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/position/rotary.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using heed::rotary_embedding;
using support::refusal;
using numbers = std::vector<double>;

constexpr double pi = 3.14159265358979323846;

void expect_frequencies(const rotary_embedding<double>& rope, const numbers& want) {
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(rope.frequency(heed::index(i)), want[i], 1e-14 * want[i]) << i;
}

// What the first position, which is not turned, is multiplied by.
double length_of(const rotary_embedding<double>& rope) {
  heed::matrix<double> x = heed::matrix<double>::Ones(1, 8);
  rope(x, 0);
  return x(0, 0);
}

TEST(rotary_scaling, none) {
  expect_frequencies(rotary_embedding<double>({.width = 8}), {1, 0.1, 0.01, 0.001});
}

TEST(rotary_scaling, linear_divides_every_frequency) {
  expect_frequencies(rotary_embedding<double>({.width = 8, .scaling = heed::linear_scaling{4}}),
                     {0.25, 0.025, 0.0025, 0.00025});
}

// 100 * 8^(4 / 2) = 6400, whose root is 80: the lowest frequency, 1/10, is divided by 8.
TEST(rotary_scaling, ntk_divides_the_lowest_frequency) {
  expect_frequencies(
      rotary_embedding<double>({.width = 4, .theta = 100, .scaling = heed::ntk_scaling{8}}),
      {1, 1. / 80});
  expect_frequencies(rotary_embedding<double>({.width = 2, .scaling = heed::ntk_scaling{8}}), {1});
}

// 20 tokens, twice as many as were trained: 2 * 2 - 1 = 3, and 100 * 3^(4 / 2) = 900.
TEST(rotary_scaling, dynamic_ntk_follows_the_length) {
  const rotary_embedding<double> rope(
      {.width = 4, .theta = 100, .scaling = heed::dynamic_ntk_scaling{2, 10}});
  EXPECT_TRUE(rope.depends_on_length());
  expect_frequencies(rope, {1, 0.1});
  expect_frequencies(rope.for_length(10), {1, 0.1});
  expect_frequencies(rope.for_length(20), {1, 1. / 30});
  expect_frequencies(rope.for_length(20).for_length(5), {1, 0.1});
}

// The pairs turn 250, 25, 2.5 and 0.25 times; 2.5 lies halfway from 1 to 4.
TEST(rotary_scaling, llama3_mixes_between_two_wavelengths) {
  const rotary_embedding<double> rope(
      {.width = 8,
       .scaling = heed::llama3_scaling{.factor = 8,
                                       .low_frequency_factor = 1,
                                       .high_frequency_factor = 4,
                                       .original_positions = 2 * pi * 250}});
  expect_frequencies(rope, {1, 0.1, 0.01 * (0.5 / 8 + 0.5), 0.001 / 8});
  EXPECT_FALSE(rope.depends_on_length());
  EXPECT_EQ(length_of(rope), 1);
}

// Width 8 and theta 10^4: pair 3 - log10(n) turns n times in 2 π 1000 positions. So pairs 1.75 and 2.5 turn
// 10^1.25 and 10^0.5 times; truncated, they are 1 and 3.
TEST(rotary_scaling, yarn_mixes_between_two_pairs) {
  heed::yarn_scaling yarn{.factor = 4,
                          .original_positions = 2 * pi * 1000,
                          .beta_fast = std::pow(10, 1.25),
                          .beta_slow = std::pow(10, 0.5)};
  const rotary_embedding<double> truncated({.width = 8, .scaling = yarn});
  expect_frequencies(truncated, {1, 0.1, 0.01 * (0.5 / 4 + 0.5), 0.001 / 4});
  EXPECT_NEAR(length_of(truncated), 1.1386294361119891, 1e-15);  // 1 + ln(4) / 10
  yarn.truncate = false;
  yarn.attention_factor = 1.5;
  const rotary_embedding<double> whole({.width = 8, .scaling = yarn});
  // Pair 2 lies a third of the way from 1.75 to 2.5.
  for (const auto& [pair, want] : {std::pair<heed::index, double>{0, 1}, {1, 0.1}, {3, 0.00025}})
    EXPECT_NEAR(whole.frequency(pair), want, 1e-14 * want);
  EXPECT_NEAR(whole.frequency(2), 0.01 * (1. / 12 + 2. / 3), 1e-14);
  EXPECT_EQ(length_of(whole), 1.5);
}

// Width 64, trained on 4096 positions: pairs that turn more than 32 times are those with
// 4096 theta^(-2i/64) / 2 π > 32, i < 10.5; less than once, i > 22.5.
TEST(rotary_scaling, yarn_of_a_usual_size) {
  const rotary_embedding<double> plain({.width = 64});
  const rotary_embedding<double> yarn(
      {.width = 64, .scaling = heed::yarn_scaling{.factor = 4, .original_positions = 4096}});
  for (heed::index i = 0; i < 32; ++i) {
    const double slow = i <= 10 ? 0 : i >= 23 ? 1 : (double(i) - 10) / 13;
    EXPECT_NEAR(yarn.frequency(i) / plain.frequency(i), slow / 4 + 1 - slow, 1e-12) << i;
  }
}

// All pairs turn less than beta_slow times, so that both bounds are pair 0: a step, not a division by 0.
TEST(rotary_scaling, yarn_of_a_short_context_is_a_step) {
  const rotary_embedding<double> rope(
      {.width = 8, .scaling = heed::yarn_scaling{.factor = 2, .original_positions = 2 * pi * 0.9}});
  expect_frequencies(rope, {1, 0.05, 0.005, 0.0005});
  const rotary_embedding<double> not_longer(
      {.width = 8, .scaling = heed::yarn_scaling{.factor = 1, .original_positions = 100}});
  expect_frequencies(not_longer, {1, 0.1, 0.01, 0.001});
  EXPECT_EQ(length_of(not_longer), 1);
}

// No pair turns once within 4 positions: the mixed pairs would end before the first, and none is mixed.
TEST(rotary_scaling, yarn_of_a_still_shorter_context_changes_nothing) {
  const rotary_embedding<double> rope(
      {.width = 8,
       .scaling = heed::yarn_scaling{.factor = 2, .original_positions = 4, .truncate = false}});
  expect_frequencies(rope, {1, 0.1, 0.01, 0.001});
}

TEST(rotary_scaling, longrope_has_factors_of_each_pair) {
  const rotary_embedding<double> rope({.width = 4,
                                       .theta = 100,
                                       .scaling = heed::longrope_scaling{.short_factors = {1, 2},
                                                                         .long_factors = {4, 5},
                                                                         .original_positions = 10,
                                                                         .attention_factor = 1.5}});
  EXPECT_TRUE(rope.depends_on_length());
  expect_frequencies(rope, {1, 0.05});
  expect_frequencies(rope.for_length(10), {1, 0.05});
  expect_frequencies(rope.for_length(11), {0.25, 0.02});
  EXPECT_EQ(length_of(rope.for_length(11)), 1.5);
}

TEST(rotary_scaling, of_a_length_without_a_copy_has_the_same_bits) {
  const heed::matrix<float> x = heed::matrix<float>::Random(3, 8);
  heed::scratch room;
  for (const heed::rotary_scaling& scaling :
       {heed::rotary_scaling(heed::dynamic_ntk_scaling{2, 10}),
        heed::rotary_scaling(heed::longrope_scaling{{1, 2}, {3, 4}, 10, 1.25}),
        heed::rotary_scaling(heed::linear_scaling{3})})
    for (const heed::index tokens : {5, 12, 30}) {
      const rotary_embedding<float> rope({.width = 4, .scaling = scaling});
      heed::matrix<float> copied = x, in_room = x;
      rope.for_length(tokens)(copied, tokens - 3);
      rope(in_room, tokens - 3, tokens, room);
      EXPECT_TRUE(support::same_bits(copied, in_room)) << tokens;
    }
}

TEST(rotary_scaling, refuses_what_makes_no_frequency) {
  const auto refused = [](const heed::rotary_scaling& scaling) {
    return refusal([&] { rotary_embedding<float>({.width = 4, .scaling = scaling}); });
  };
  EXPECT_EQ(refused(heed::linear_scaling{0}),
            "heed::rotary_embedding: the scaling's factor is 0, but it must be positive");
  EXPECT_EQ(
      refused(heed::yarn_scaling{.factor = 4}),
      "heed::rotary_embedding: original_positions of the scaling was not given, or is 0; it is "
      "the number of positions that the model was trained with");
  EXPECT_EQ(refused(heed::dynamic_ntk_scaling{2, -5}),
            "heed::rotary_embedding: the scaling's original_positions is -5, but it must be "
            "positive");
  EXPECT_EQ(
      refused(heed::llama3_scaling{.low_frequency_factor = 4}),
      "heed::rotary_embedding: the scaling's high_frequency_factor is 4, but it must be larger "
      "than low_frequency_factor, 4");
  EXPECT_EQ(refused(heed::longrope_scaling{{1, 2, 3}, {1, 2}, 10, 1}),
            "heed::rotary_embedding: LongRoPE has 3 and 2 factors; there must be 2 of each, all of "
            "them positive");
}

}  // namespace
