// SPDX-License-Identifier: MIT
// Merges by hand, and beside a learner that counts everything anew for each merge.
#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <heed/text/learn_merges.hpp>
#include <heed/text/pre_tokenizer.hpp>
#include <heed/text/tokenizer.hpp>

#include <gtest/gtest.h>

namespace {

using heed::byte_merges;
using heed::index;
using heed::learn_merges;

// "ab", " ab" and " abc": ab occurs three times, then " ab" twice; nothing else does.
TEST(learn_merges, by_hand) {
  EXPECT_EQ(learn_merges("ab ab abc", 300), (byte_merges{{'a', 'b'}, {' ', 256}}));
  EXPECT_EQ(learn_merges("ab ab abc", 257), (byte_merges{{'a', 'b'}}));
  EXPECT_EQ(learn_merges("ab ab abc", 256), byte_merges{});
  EXPECT_EQ(learn_merges("", 300), byte_merges{});
}

// Of pairs as frequent, that with the smallest ids; "aaaa" has three pairs, and becomes two tokens.
TEST(learn_merges, of_ties_and_runs) {
  EXPECT_EQ(learn_merges("bc.bc.ba.ba", 257), (byte_merges{{'b', 'a'}}));
  EXPECT_EQ(learn_merges("aaaa", 300), (byte_merges{{'a', 'a'}}));
  EXPECT_EQ(learn_merges("aaaaaaaa", 300), (byte_merges{{'a', 'a'}, {256, 256}}));
}

// One merge at a time over all words.
byte_merges plainly(const std::string& text, index vocabulary) {
  heed::detail::text::pieces words;
  words.begin(text, true);
  heed::detail::text::byte_level_pre_tokenizer(false, true, false).cut(words);
  std::vector<std::vector<index>> all;
  for (const auto& r : words.ranges) {
    all.emplace_back();
    for (const char c : words.view(r)) all.back().push_back(static_cast<unsigned char>(c));
  }
  byte_merges merges;
  for (index made = 256; made < vocabulary; ++made) {
    std::map<std::pair<index, index>, index> counts;
    for (const auto& w : all)
      for (std::size_t i = 0; i + 1 < w.size(); ++i) ++counts[{w[i], w[i + 1]}];
    std::pair<index, index> best;
    index most = 1;
    for (const auto& [pair, count] : counts)
      if (count > most) {
        best = pair;
        most = count;
      }
    if (most < 2) break;
    merges.push_back(best);
    for (auto& w : all)
      for (std::size_t i = 0; i + 1 < w.size(); ++i)
        if (w[i] == best.first && w[i + 1] == best.second) {
          w[i] = made;
          w.erase(w.begin() + index(i) + 1);
        }
  }
  return merges;
}

TEST(learn_merges, are_those_of_counting_anew) {
  std::string text;
  std::uint32_t random = 1;
  for (int i = 0; i < 4000; ++i) {
    random = random * 1664525 + 1013904223;
    text += "aabbbcde  \n"[(random >> 24) % 11];
  }
  const byte_merges merges = learn_merges(text, 400);
  EXPECT_EQ(merges.size(), 144u);
  EXPECT_EQ(merges, plainly(text, 400));
}

TEST(learn_merges, are_what_a_tokenizer_then_does) {
  const support::temporary_folder folder;
  const std::string text = "the cat sat on the mat; the cat sat";
  heed::save_byte_tokenizer(folder / "", learn_merges(text, 270));
  const heed::tokenizer tokens = heed::load_tokenizer((folder / "").string());
  EXPECT_LT(tokens.encode(text).size(), text.size() / 2);
  EXPECT_EQ(tokens.decode(tokens.encode(text)), text);
}

TEST(learn_merges, refuses_a_vocabulary_without_bytes) {
  EXPECT_EQ(support::refusal([] { (void)learn_merges("a", 255); }),
            "heed::learn_merges: a vocabulary of 255 has no room for the 256 bytes");
}

}  // namespace
