// SPDX-License-Identifier: MIT
#include <heed/text/byte_pair_model.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <chrono>
#include <random>

namespace {

namespace text = heed::detail::text;
using ids = std::vector<text::token_id>;

// Tokens by their order, and merges of "left right" by theirs.
struct toy {
  text::vocabulary tokens;
  text::merge_table merges;

  toy(const std::vector<std::string>& words,
      const std::vector<std::pair<std::string, std::string>>& pairs) {
    for (std::size_t i = 0; i < words.size(); ++i)
      tokens.assign(words[i], static_cast<text::token_id>(i));
    for (std::uint32_t rank = 0; rank < pairs.size(); ++rank) {
      const auto& [left, right] = pairs[rank];
      merges.insert(tokens.find(left), tokens.find(right), {rank, tokens.find(left + right)});
    }
  }
};

ids encode(const text::token_model& model, std::string_view piece,
           const text::token_set* refused = nullptr) {
  ids found;
  model.encode(piece, refused, found);
  return found;
}

// l o w e r: (l o) has rank 0, (e r) 1, (lo w) 2, so lo w e r -> lo w er -> low er.
TEST(BytePairModel, MergesTheBestRankFirst) {
  toy s({"l", "o", "w", "e", "r", "lo", "er", "low"}, {{"l", "o"}, {"e", "r"}, {"lo", "w"}});
  const text::byte_pair_model model(std::move(s.tokens), std::move(s.merges), {});
  EXPECT_EQ(encode(model, "lower"), (ids{7, 6}));
  EXPECT_EQ(encode(model, "wol"), (ids{2, 1, 0}));
  EXPECT_EQ(encode(model, "lxo"),
            (ids{5}));  // unknown text without a token: as if it were not there
}

TEST(BytePairModel, OfTwoEqualPairsTheLeftIsFirst) {
  toy s({"a", "aa"}, {{"a", "a"}});
  const text::byte_pair_model model(std::move(s.tokens), std::move(s.merges), {});
  EXPECT_EQ(encode(model, "aaa"), (ids{1, 0}));
}

TEST(BytePairModel, UnknownTextAndBytes) {
  const auto make = [](bool fallback, bool fuse) {
    toy s({"<unk>", "a", "<0xE4>", "<0xB8>", "<0xAD>"}, {});
    return text::byte_pair_model(
        std::move(s.tokens), std::move(s.merges),
        {.byte_fallback = fallback, .fuse_unknown = fuse, .unknown = "<unk>"});
  };
  EXPECT_EQ(encode(make(false, false), "xya"), (ids{0, 0, 1}));
  EXPECT_EQ(encode(make(false, true), "xya"), (ids{0, 1}));
  EXPECT_EQ(encode(make(true, true), "\u4E2Da"), (ids{2, 3, 4, 1}));
  EXPECT_EQ(encode(make(true, true), "\u4E2Ea"), (ids{0, 1}));  // there is no <0xAE>
}

TEST(BytePairModel, PrefixAndSuffixOfSymbols) {
  toy s({"a", "##b", "b</w>", "##b</w>", "ab</w>", "a</w>"}, {{"a", "b</w>"}});
  text::vocabulary copy = s.tokens;
  const text::byte_pair_model clip(std::move(s.tokens), std::move(s.merges), {.suffix = "</w>"});
  EXPECT_EQ(encode(clip, "ab"), (ids{4}));
  EXPECT_EQ(encode(clip, "a"), (ids{5}));
  const text::byte_pair_model prefixed(std::move(copy), {}, {.prefix = "##"});
  EXPECT_EQ(encode(prefixed, "ab"), (ids{0, 1}));
}

TEST(BytePairModel, WholePiecesWithoutMerges) {
  toy s({"a", "b", "\u0120ab"}, {});
  const text::byte_pair_model model(std::move(s.tokens), std::move(s.merges),
                                    {.byte_level = true, .ignore_merges = true});
  EXPECT_EQ(encode(model, " ab"), (ids{2}));
  EXPECT_EQ(encode(model, "ab"), (ids{0, 1}));
}

TEST(BytePairModel, NeverMakesARefusedToken) {
  toy s({"<", "s", ">", "s>", "<s>"}, {{"s", ">"}, {"<", "s>"}});
  const text::byte_pair_model model(std::move(s.tokens), std::move(s.merges), {});
  text::token_set control;
  control.insert(4);
  EXPECT_EQ(encode(model, "<s>"), (ids{4}));
  EXPECT_EQ(encode(model, "<s>", &control), (ids{0, 3}));
}

TEST(BytePairModel, CutsWordsWhereNoMergeJoinsThem) {
  toy words({"\u2581", "a", "\u2581a"}, {{"\u2581", "a"}});
  EXPECT_EQ(
      text::byte_pair_model(std::move(words.tokens), std::move(words.merges), {}).cut_before(),
      "\u2581");
  toy joined({"\u2581", "a", "a\u2581"}, {{"a", "\u2581"}});
  EXPECT_EQ(
      text::byte_pair_model(std::move(joined.tokens), std::move(joined.merges), {}).cut_before(),
      "");
}

// Both ways to merge, on the same symbols.
TEST(BytePairMerge, FewAndManySymbolsAlike) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    text::merge_table merges;
    text::token_id next = 4;
    for (std::uint32_t rank = 0; rank < 24; ++rank, ++next)
      merges.insert(static_cast<text::token_id>(random() % next),
                    static_cast<text::token_id>(random() % next), {rank, next});
    ids few, many;
    for (std::size_t i = random() % 60; i > 0; --i)
      few.push_back(static_cast<text::token_id>(random() % 4));
    many = few;
    text::merge_few(few, merges, nullptr);
    text::merge_many(many, merges, nullptr);
    ASSERT_EQ(few, many);
  }
}

// Quadratic time would be hours.
TEST(BytePairMerge, AMegabyteOfOneLetterTakesNoTime) {
  std::vector<std::string> words{"a"};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int i = 0; i < 6; ++i) {
    pairs.emplace_back(words.back(), words.back());
    words.push_back(words.back() + words.back());
  }
  toy s(words, pairs);
  const text::byte_pair_model model(std::move(s.tokens), std::move(s.merges), {.byte_level = true});
  const auto start = std::chrono::steady_clock::now();
  const ids found = encode(model, std::string(1000000, 'a'));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(found, ids(15625, 6));
}

}  // namespace
