// SPDX-License-Identifier: MIT
// Tokens that a decoder writes, compared with the largest logits of the whole text without a cache.
#include <heed/model/generation.hpp>

#include "support/on_threads.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <set>

namespace heed {
namespace {

using ids = std::vector<index>;
using model = decoder<float>;

// Decoders with random weights, which soon repeat themselves, large enough to have a taste.
model chance(index positions, index vocabulary, std::uint64_t seed, index width = 32) {
  model made({.vocabulary = vocabulary,
              .positions = positions,
              .model = width,
              .layers = 2,
              .heads = 4,
              .kv_heads = positions > 0 ? 4 : 2,
              .seed = seed});
  made.words.weight *= 40;
  for (auto& block : made.blocks) block.attention.output.weight *= 20;
  return made;
}

const std::vector<model>& models() {
  static const std::vector<model> all{chance(0, 50, 1), chance(200, 50, 2), chance(0, 7, 3),
                                      chance(200, 300, 4)};
  return all;
}
const std::vector<ids> prompts{{1},
                               {3, 1, 4, 1, 5},
                               {2, 3, 2, 3, 2, 3, 2, 3},
                               {6, 6, 6, 6},
                               {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2}};

index largest(const matrix<float>& logits) {
  index id = 0;
  logits.row(logits.rows() - 1).maxCoeff(&id);
  return id;
}

// The textbook: all of the text again for each token.
ids greedy(const model& m, ids text, int tokens) {
  const auto prompt = static_cast<std::ptrdiff_t>(text.size());
  for (int i = 0; i < tokens; ++i) text.push_back(largest(m(text)));
  return {text.begin() + prompt, text.end()};
}

template <class Range>
ids all_of(Range&& range) {
  ids all;
  for (const index id : range) all.push_back(id);
  return all;
}
ids written(const model& m, const ids& prompt, const generate_options& how) {
  return all_of(generation(m, prompt, how));
}

TEST(Generation, IsTheLargestLogitOfTheWholeText) {
  std::size_t different = 0;
  for (const model& m : models())
    for (const ids& prompt : prompts) {
      const ids text = written(m, prompt, {.tokens = 24});
      EXPECT_EQ(text, greedy(m, prompt, 24));
      different = (std::max)(different, std::set<index>(text.begin(), text.end()).size());
    }
  EXPECT_GT(different, 4u);  // the text is not one token again and again
}

TEST(Generation, GuessesChangeNothing) {
  int different = 0;
  for (const model& m : models())
    for (const ids& prompt : prompts) {
      const ids plain = written(m, prompt, {.tokens = 60});
      for (const index guess : {1, 3, 8, 100})
        EXPECT_EQ(written(m, prompt, {.tokens = 60, .guess = guess}), plain) << guess;
      const ids penalised = written(m, prompt, {.tokens = 60, .repetition_penalty = 1.5});
      different += penalised != plain;
      EXPECT_EQ(written(m, prompt, {.tokens = 60, .repetition_penalty = 1.5, .guess = 4}),
                penalised);
    }
  EXPECT_GT(different, 0);
}

// An executor that counts its calls, and fails at one of them.
struct counting {
  index fail_at = -1;
  index calls = 0;

  void operator()(index workers, const worker_function& work) {
    if (calls++ == fail_at) throw std::runtime_error("cancelled");
    for (index i = 0; i < workers; ++i) work(i);
  }
};

// Large enough that its products are shared out.
const model& large() {
  static const model m = chance(0, 7, 3, 256);
  return m;
}
index calls_of(const ids& prompt, generate_options how) {
  counting on;
  how.on = executor_of(on, 2);
  (void)written(large(), prompt, how);
  return on.calls;
}

TEST(Generation, GuessesSaveWork) {
  const ids prompt(40, 3);
  const ids text = written(large(), prompt, {.tokens = 60});
  EXPECT_EQ(text, written(large(), prompt, {.tokens = 60, .guess = 8}));
  const index plain = calls_of(prompt, {.tokens = 60});
  EXPECT_GE(plain, 60);
  EXPECT_LT(calls_of(prompt, {.tokens = 60, .guess = 8}), plain / 2);
}

TEST(Generation, ChunksOfThePromptChangeNothing) {
  for (const model& m : models()) {
    const ids& prompt = prompts.back();
    const auto after = [&](index chunk) {
      auto cache = m.cache(64);
      const ids text = all_of(generation(m, prompt, {.tokens = 20, .prefill = chunk}, &cache));
      const matrix<float> keys = cache.layers.back().keys();
      return std::pair(text, keys);
    };
    const auto [text, keys] = after(512);
    for (const index chunk : {1, 2, 7, 16, 17}) {
      const auto [same_text, same_keys] = after(chunk);
      EXPECT_EQ(same_text, text) << chunk;
      EXPECT_EQ(same_keys, keys) << chunk;
    }
  }
}

TEST(Generation, ThreadsChangeNothing) {
  const generate_options how{.tokens = 30},
      threads{.tokens = 30, .on = executor_of(support::on_threads, 3)};
  EXPECT_EQ(written(models()[3], prompts[1], threads), written(models()[3], prompts[1], how));
}

TEST(Generation, SameSeedSameText) {
  const auto with_seed = [](std::uint64_t seed) {
    return written(models()[3], prompts[1], {.tokens = 40, .temperature = 3.0, .seed = seed});
  };
  EXPECT_EQ(with_seed(1), with_seed(1));
  EXPECT_NE(with_seed(1), with_seed(2));
  EXPECT_NE(with_seed(1), written(models()[3], prompts[1], {.tokens = 40}));
  EXPECT_EQ(written(models()[3], prompts[1], {.tokens = 40, .top_k = 1, .seed = 5}),
            written(models()[3], prompts[1], {.tokens = 40}));
}

TEST(Generation, StopsAfterAToken) {
  for (const index guess : {0, 8})
    for (const model& m : models()) {
      const ids& prompt = prompts[2];
      const ids plain = written(m, prompt, {.tokens = 30});
      const index stop = plain[5];
      const auto first = std::find(plain.begin(), plain.end(), stop);
      auto cache = m.cache(100);
      generation text(m, prompt, {.tokens = 30, .stop = {-1, stop}, .guess = guess}, &cache);
      EXPECT_EQ(all_of(text), ids(plain.begin(), first + 1));
      EXPECT_EQ(cache.position(), static_cast<index>(prompt.size()) + (first - plain.begin()));
      EXPECT_EQ(text.begin(), text.end());
    }
}

// A loop that is left and a second loop give what one gives.
TEST(Generation, ASecondLoopGoesOn) {
  for (const index guess : {0, 3, 8})
    for (const model& m : models()) {
      const ids plain = written(m, prompts[2], {.tokens = 30});
      generation text(m, prompts[2], {.tokens = 30, .guess = guess});
      ids read;
      for (const std::size_t until : {1u, 7u, 8u, 20u})
        for (const index id : text) {
          read.push_back(id);
          if (read.size() == until) break;
        }
      EXPECT_EQ(read, ids(plain.begin(), plain.begin() + 20));
      EXPECT_EQ(*text.begin(), plain[20]);
      EXPECT_EQ(*text.begin(), plain[21]);
      EXPECT_EQ(all_of(text), ids(plain.begin() + 22, plain.end()));
    }
}
TEST(Generation, BeginAloneReadsNothing) {
  generation text(models()[0], prompts[1], {.tokens = 3});
  EXPECT_NE(text.begin(), text.end());
  EXPECT_NE(text.begin(), text.end());
  EXPECT_EQ(all_of(text).size(), 3u);
}

// A conversation: the cache holds all but the last token, with which the next text begins.
TEST(Generation, ACacheGoesOn) {
  for (const index guess : {0, 8})
    for (const model& m : models()) {
      const ids plain = written(m, prompts[2], {.tokens = 30});
      auto cache = m.cache(200);
      ids text;
      for (const index id : generation(m, prompts[2], {.tokens = 30, .guess = guess}, &cache)) {
        text.push_back(id);
        if (text.size() == 11) break;
      }
      const auto prompt = static_cast<index>(prompts[2].size());
      EXPECT_EQ(cache.position(), prompt + 10);
      const ids rest = all_of(generation(m, {text.back()}, {.tokens = 19, .guess = guess}, &cache));
      EXPECT_EQ(cache.position(), prompt + 29);
      text.insert(text.end(), rest.begin(), rest.end());
      EXPECT_EQ(text, plain);
    }
}

// The first range is destroyed last, and leaves alone what the second one wrote.
TEST(Generation, TwoRangesOneAfterTheOther) {
  for (const index guess : {0, 8}) {
    const model& m = models()[0];
    auto cache = m.cache(100);
    {
      generation first(m, prompts[2], {.tokens = 10, .guess = guess}, &cache);
      const ids text = all_of(first);
      generation second(m, {text.back()}, {.tokens = 10, .guess = guess}, &cache);
      (void)all_of(second);
    }
    EXPECT_EQ(cache.position(), static_cast<index>(prompts[2].size()) + 19);
  }
}

// Wherever the executor fails, as one that is cancelled may, the same step can be taken again.
TEST(Generation, AFailureLosesNothing) {
  const generate_options how{.tokens = 6, .prefill = 5, .guess = 2};
  const ids plain = written(large(), prompts[4], how);
  const index all = calls_of(prompts[4], how);
  ASSERT_GE(all, 20);
  for (index call = 0; call < all; ++call) {
    counting on{.fail_at = call};
    auto failing = how;
    failing.on = executor_of(on, 2);
    auto cache = large().cache(100);
    generation text(large(), prompts[4], failing, &cache);
    ids read;
    const auto loop = [&] {
      for (const index id : text) read.push_back(id);
    };
    EXPECT_EQ(support::refusal<std::runtime_error>(loop), "cancelled");
    loop();
    EXPECT_EQ(read, plain) << "at call " << call;
    EXPECT_EQ(cache.position(), static_cast<index>(prompts[4].size()) + 5);
  }
}

TEST(Generation, NoTokens) {
  auto cache = models()[0].cache(10);
  EXPECT_EQ(all_of(generation(models()[0], {1}, {.tokens = 0}, &cache)), ids());
  EXPECT_EQ(cache.position(), 0);
}

std::string refusal(const ids& prompt, const generate_options& how, decoder_cache<float>* cache) {
  return support::refusal<std::logic_error>(
      [&] { (void)generation(models()[0], prompt, how, cache); });
}

TEST(Generation, RefusesInSentences) {
  auto cache = models()[0].cache(10);
  EXPECT_EQ(refusal({}, {}, nullptr),
            "heed::generation: the prompt is empty; give one token at least");
  EXPECT_EQ(refusal({1}, {.tokens = -1}, nullptr),
            "heed::generation: tokens is -1, prefill is 512, guess is 0; none may be negative, "
            "prefill not 0");
  EXPECT_NE(refusal({1}, {.prefill = 0}, nullptr), "accepted");
  EXPECT_NE(refusal({1}, {.guess = -1}, nullptr), "accepted");
  EXPECT_EQ(refusal({1}, {.top_k = -2}, nullptr),
            "heed::sampling: top_k is -2, but it may not be negative");
  EXPECT_EQ(refusal({1, 2}, {.tokens = 8}, &cache), "accepted");
  EXPECT_EQ(refusal({1, 2}, {.tokens = 9}, &cache),
            "heed::generation: a prompt of 2 tokens and 9 more do not fit: 0 of 10 are taken");
  constexpr index most = (std::numeric_limits<index>::max)();
  EXPECT_NE(refusal({1, 2}, {.tokens = most}, &cache), "accepted");
  EXPECT_EQ(refusal({1, 2}, {.tokens = most}, nullptr),
            "heed::generation: tokens is 9223372036854775807, more than memory can address");
  (void)all_of(generation(models()[0], {1, 2}, {.tokens = 3}, &cache));
  EXPECT_EQ(refusal({1, 2}, {.tokens = 5}, &cache),
            "heed::generation: a prompt of 2 tokens and 5 more do not fit: 4 of 10 are taken");
}

}  // namespace
}  // namespace heed
