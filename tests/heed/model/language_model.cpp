// SPDX-License-Identifier: MIT
// A model's context and the tokens that end a text; several prompts at once.
#include <heed/model/language_model.hpp>

#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

using ids = std::vector<index>;

// Random tokens: greedy text of this decoder has several.
language_model chance(index positions = 0) {
  language_model made;
  made.decoder = decoder<float>({.vocabulary = 60,
                                 .positions = positions,
                                 .model = 32,
                                 .layers = 2,
                                 .heads = 4,
                                 .kv_heads = positions > 0 ? 4 : 2,
                                 .seed = 2});
  made.decoder.words.weight *= 40;
  for (auto& block : made.decoder.blocks) block.attention.output.weight *= 20;
  return made;
}

template <class Range>
ids all_of(Range&& range) {
  ids all;
  for (const index id : range) all.push_back(id);
  return all;
}

TEST(LanguageModel, LogitsAreTheDecoders) {
  const language_model model = chance();
  EXPECT_EQ(model.logits(ids{3, 1, 4}), model.decoder(ids{3, 1, 4}));
}

TEST(LanguageModel, EndsEndTheText) {
  language_model model = chance();
  const ids plain = all_of(model.generate({1, 2}, {.tokens = 30}));
  ASSERT_EQ(plain.size(), 30u);
  model.ends = {plain[3]};
  const auto end = std::find(plain.begin(), plain.end(), plain[3]) + 1;
  EXPECT_EQ(all_of(model.generate({1, 2}, {.tokens = 30})), ids(plain.begin(), end));
  // ... beside those that a call gives.
  EXPECT_EQ(all_of(model.generate({1, 2}, {.tokens = 30, .stop = {plain[0]}})), ids{plain[0]});
}

TEST(LanguageModel, ACacheIsAsLongAsTheContext) {
  language_model model = chance();
  EXPECT_EQ(support::refusal([&] { (void)model.cache(); }),
            "heed::language_model: the model does not say how long its context is; give the cache "
            "a capacity");
  EXPECT_EQ(model.cache(7).capacity(), 7);
  model.context = 20;
  EXPECT_EQ(model.cache().capacity(), 20);
}

TEST(LanguageModel, RefusesMoreThanTheContext) {
  language_model model = chance();
  model.context = 20;
  const auto refusal = [&](const auto& call) { return support::refusal<std::length_error>(call); };
  EXPECT_EQ(refusal([&] { (void)model.generate({1, 2}, {.tokens = 18}); }), "accepted");
  EXPECT_EQ(refusal([&] {
              (void)model.generate({1, 2}, {.tokens = 19});
            }),
            "heed::language_model: 2 tokens and 19 more are beyond the model's context of 20");
  EXPECT_EQ(refusal([&] { (void)model.generate(ids(21, 1), {.tokens = 0}); }),
            "heed::language_model: 21 tokens and 0 more are beyond the model's context of 20");
  auto cache = model.cache(100);
  (void)all_of(model.generate({1, 2, 3}, cache, {.tokens = 5}));
  EXPECT_EQ(refusal([&] { (void)model.generate({1}, cache, {.tokens = 13}); }),
            "heed::language_model: 8 tokens and 13 more are beyond the model's context of 20");
  EXPECT_EQ(support::refusal([&] { (void)model.generate({}, {.tokens = 1}); }),
            "heed::generation: the prompt is empty; give one token at least");
}

// Two turns through one cache are one text.
TEST(LanguageModel, AConversationThroughACache) {
  const language_model model = chance();
  auto cache = model.cache(100);
  const ids first = all_of(model.generate({1, 2, 3}, cache, {.tokens = 6}));
  const ids second = all_of(model.generate({first.back(), 9, 8}, cache, {.tokens = 6}));
  ids both{1, 2, 3};
  both.insert(both.end(), first.begin(), first.end());
  both.insert(both.end(), {9, 8});
  EXPECT_EQ(all_of(model.generate(both, {.tokens = 6})), second);
}

const std::vector<ids> prompts{{1, 2, 3}, {4}, ids(40, 5), {6, 7, 6, 7, 6, 7}, {1, 2, 3}};

// Each text is what its prompt gives alone.
TEST(LanguageModel, SeveralPromptsAreWhatEachIsAlone) {
  for (const index positions : {0, 100}) {
    language_model model = chance(positions);
    const auto compare = [&](generate_options how) {
      std::vector<ids> alone;
      for (const ids& prompt : prompts) alone.push_back(all_of(model.generate(prompt, how)));
      for (const index chunk : {1, 3, 16, 512}) {
        how.prefill = chunk;
        EXPECT_EQ(model.generate_all(prompts, how), alone) << chunk;
      }
      return alone;
    };
    const std::vector<ids> plain = compare({.tokens = 20});
    EXPECT_NE(plain[0], plain[2]);
    compare({.tokens = 20, .temperature = 3.0, .seed = 4});
    compare({.tokens = 20, .repetition_penalty = 1.5});
    compare({.tokens = 1});
    compare({.tokens = 0});
    model.ends = {plain[0][2], plain[1][7]};
    const std::vector<ids> ended = compare({.tokens = 20});
    EXPECT_LE(ended[0].size(), 3u);
    EXPECT_LE(ended[1].size(), 8u);
  }
}

TEST(LanguageModel, SeveralPromptsAreRefusedLikeOne) {
  language_model model = chance();
  model.context = 20;
  EXPECT_EQ(model.generate_all({}), std::vector<ids>());
  EXPECT_EQ(support::refusal<std::length_error>([&] {
              (void)model.generate_all({{1}, ids(12, 1)}, {.tokens = 9});
            }),
            "heed::language_model: 12 tokens and 9 more are beyond the model's context of 20");
  EXPECT_EQ(support::refusal([&] {
              (void)model.generate_all({{1}, {}}, {.tokens = 9});
            }),
            "heed::generation: the prompt is empty; give one token at least");
}

}  // namespace
}  // namespace heed
