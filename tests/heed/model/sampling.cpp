// SPDX-License-Identifier: MIT
// Which tokens may be drawn and how often, counted by hand.
#include <heed/model/sampling.hpp>

#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace heed {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

index chosen(const sampling& how, std::vector<float> logits, const std::vector<index>& seen = {},
             std::uint64_t draws = 0) {
  return how.choose(std::span<float>(logits), seen, draws);
}

// The logits of probabilities.
std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

constexpr int tries = 20000;

// How often each token is drawn.
std::map<index, int> counts(const sampling& how, const std::vector<double>& probabilities) {
  std::map<index, int> found;
  for (int i = 0; i < tries; ++i)
    ++found[chosen(how, logits_of(probabilities), {}, static_cast<std::uint64_t>(i))];
  return found;
}
std::set<index> drawn(const sampling& how, const std::vector<double>& probabilities) {
  std::set<index> ids;
  for (const auto& [id, count] : counts(how, probabilities)) ids.insert(id);
  return ids;
}
using set = std::set<index>;

TEST(Sampling, GreedyTakesTheLowestOfTheLargest) {
  EXPECT_EQ(chosen({}, {1, 3, 2, 3}), 1);
  EXPECT_EQ(chosen({.temperature = 0.0}, {0, 0, 0}), 0);
  EXPECT_EQ(chosen({.temperature = 0.0, .top_k = 2, .top_p = 0.5}, {-7, -5, -6}), 1);
  EXPECT_EQ(chosen({}, {-infinity, infinity, infinity}), 1);
}

TEST(Sampling, NanIsNeverChosen) {
  EXPECT_EQ(chosen({}, {no_number, -3, no_number}), 1);
  EXPECT_EQ(chosen({}, {no_number, no_number}), 0);  // there is nothing else
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(chosen({.temperature = 5.0}, {no_number, -3, no_number}, {}, i), 1);
    EXPECT_EQ(chosen({.top_k = 2}, {no_number, 1, -infinity}, {}, i), 1);
  }
}

// An infinite score takes all of the probability.
TEST(Sampling, InfiniteScores) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(chosen({.temperature = 1.0}, {0, infinity, 5, -infinity}, {}, i), 1);
    EXPECT_EQ(chosen({.temperature = 1.0, .top_p = 0.9}, {0, infinity, 5}, {}, i), 1);
  }
}

TEST(Sampling, WhenItIsGreedy) {
  EXPECT_TRUE(sampling{}.greedy());
  EXPECT_TRUE(sampling{.temperature = 0.0}.greedy());
  EXPECT_TRUE(sampling{.repetition_penalty = 2}.greedy());
  EXPECT_FALSE(sampling{.temperature = 0.1}.greedy());
  EXPECT_FALSE(sampling{.top_k = 5}.greedy());
  EXPECT_FALSE(sampling{.top_p = 0.9}.greedy());
  EXPECT_FALSE(sampling{.min_p = 0.1}.greedy());
}

const std::vector<double> five{0.1, 0.4, 0.05, 0.25, 0.2};

TEST(Sampling, DrawsByProbability) {
  const auto found = counts({.temperature = 1.0, .seed = 3}, five);
  for (std::size_t id = 0; id < five.size(); ++id) {
    const double expected = five[id] * tries;  // five standard deviations to each side
    EXPECT_NEAR(found.at(static_cast<index>(id)), expected, 5 * std::sqrt(expected)) << id;
  }
}

// p becomes p² over the sum of squares: 0.01, 0.16, 0.0025, 0.0625, 0.04 over 0.275.
TEST(Sampling, TemperatureIsAPower) {
  const auto found = counts({.temperature = 0.5, .seed = 3}, five);
  for (std::size_t id = 0; id < five.size(); ++id) {
    const double expected = five[id] * five[id] / 0.275 * tries;
    EXPECT_NEAR(found.at(static_cast<index>(id)), expected, 5 * std::sqrt(expected)) << id;
  }
}

TEST(Sampling, TopK) {
  EXPECT_EQ(drawn({.top_k = 1}, five), (set{1}));
  EXPECT_EQ(drawn({.top_k = 3}, five), (set{1, 3, 4}));
  EXPECT_EQ(drawn({.top_k = 99}, five), (set{0, 1, 2, 3, 4}));
  EXPECT_EQ(drawn({.top_k = 2}, {0.25, 0.25, 0.25, 0.25}), (set{0, 1}));  // lower ids of equals
}

// The fewest whose sum reaches it: 0.4, 0.65, 0.85, 0.95, 1.
TEST(Sampling, TopP) {
  EXPECT_EQ(drawn({.top_p = 0.3}, five), (set{1}));
  EXPECT_EQ(drawn({.top_p = 0.41}, five), (set{1, 3}));
  EXPECT_EQ(drawn({.top_p = 0.8}, five), (set{1, 3, 4}));
  EXPECT_EQ(drawn({.top_p = 0.94}, five), (set{0, 1, 3, 4}));
  EXPECT_EQ(drawn({.top_p = 0.96}, five), (set{0, 1, 2, 3, 4}));
  EXPECT_EQ(drawn({.top_p = 1e-9}, five), (set{1}));
}

// At least so many times 0.4.
TEST(Sampling, MinP) {
  EXPECT_EQ(drawn({.min_p = 1}, five), (set{1}));
  EXPECT_EQ(drawn({.min_p = 0.6}, five), (set{1, 3}));        // 0.24
  EXPECT_EQ(drawn({.min_p = 0.3}, five), (set{1, 3, 4}));     // 0.12
  EXPECT_EQ(drawn({.min_p = 0.2}, five), (set{0, 1, 3, 4}));  // 0.08
}

// Of the first three, 0.4 : 0.25 : 0.2, the first two have 0.65 of 0.85, more than 0.7.
TEST(Sampling, TopPIsOfWhatTopKLeaves) {
  EXPECT_EQ(drawn({.top_k = 3, .top_p = 0.7}, five), (set{1, 3}));
  EXPECT_EQ(drawn({.top_p = 0.7}, five), (set{1, 3, 4}));
}

TEST(Sampling, PenaltyGoesByTheSign) {
  EXPECT_EQ(chosen({.repetition_penalty = 2}, {3, 2, 1}, {0}), 1);          // 1.5, 2, 1
  EXPECT_EQ(chosen({.repetition_penalty = 2}, {-3, -2, -7}, {1}), 0);       // -3, -4, -7
  EXPECT_EQ(chosen({.repetition_penalty = 0.5}, {3, 2, 1}, {1}), 1);        // 3, 4, 1
  EXPECT_EQ(chosen({.repetition_penalty = 1.4}, {3, 2, 1}, {0, 0}), 0);     // once, not twice: 2.1
  EXPECT_EQ(chosen({.repetition_penalty = 2}, {3, 2, 1}, {-1, 3, 99}), 0);  // no such tokens
}

TEST(Sampling, SeedAndNumberDecide) {
  const sampling a{.temperature = 1.0, .seed = 1}, b{.temperature = 1.0, .seed = 2};
  std::vector<index> first, again, other;
  for (std::uint64_t i = 0; i < 100; ++i) {
    first.push_back(chosen(a, logits_of(five), {}, i));
    again.push_back(chosen(a, logits_of(five), {}, i));
    other.push_back(chosen(b, logits_of(five), {}, i));
  }
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
  EXPECT_GT(std::set<index>(first.begin(), first.end()).size(), 2u);
}

// philox({0, 0, 0, 0}, 0)[0] is 0x6627e8d5 as a share of 2³²: 0.399. Of 0.1, 0.4, ... that is token 1.
TEST(Sampling, OneDrawByHand) {
  EXPECT_EQ(chosen({.temperature = 1.0}, logits_of(five)), 1);
  EXPECT_EQ(chosen({.temperature = 1.0}, logits_of({0.39, 0.005, 0.305, 0.3})), 2);
  EXPECT_EQ(chosen({.temperature = 1.0}, logits_of({0.405, 0.305, 0.29})), 0);
}

std::string refusal(const sampling& how) {
  return support::refusal([&] { how.check(); });
}

TEST(Sampling, RefusesNumbersThatMakeNoSense) {
  EXPECT_EQ(refusal({}), "accepted");
  EXPECT_EQ(refusal({.temperature = -1.0}),
            "heed::sampling: temperature is -1, but it must be 0 or more, and finite");
  EXPECT_NE(refusal({.temperature = std::numeric_limits<double>::infinity()}), "accepted");
  EXPECT_NE(refusal({.temperature = std::numeric_limits<double>::quiet_NaN()}), "accepted");
  EXPECT_EQ(refusal({.top_k = -3}), "heed::sampling: top_k is -3, but it may not be negative");
  EXPECT_EQ(refusal({.top_p = 0}),
            "heed::sampling: top_p is 0, but it must be above 0 and at most 1");
  EXPECT_NE(refusal({.top_p = 1.5}), "accepted");
  EXPECT_EQ(refusal({.min_p = 2}), "heed::sampling: min_p is 2, but it must be from 0 to 1");
  EXPECT_EQ(refusal({.repetition_penalty = 0}),
            "heed::sampling: repetition_penalty is 0, but it must be positive and finite");
  EXPECT_EQ(support::refusal([] { chosen({}, {}); }),
            "heed::sampling: there are no scores to choose from");
}

}  // namespace
}  // namespace heed
