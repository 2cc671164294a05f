// SPDX-License-Identifier: MIT
#include <heed/text/vocabulary.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {

namespace text = heed::detail::text;

TEST(Vocabulary, FindsBothWays) {
  text::vocabulary words;
  for (unsigned i = 0; i < 500; ++i) words.assign("w" + std::to_string(i), 2 * i);
  words.assign("", 1);
  words.seal();
  EXPECT_EQ(words.find("w7"), 14u);
  EXPECT_EQ(words.token(14), "w7");
  EXPECT_EQ(words.find("w500"), text::no_token);
  EXPECT_FALSE(words.contains(3));
  EXPECT_EQ(words.token(3), "");
  EXPECT_TRUE(words.contains(1));
  EXPECT_EQ(words.size(), 501u);
  EXPECT_EQ(words.bound(), 999u);
}

TEST(Vocabulary, OfATokenWithTwoIdsTheLastIsFound) {
  text::vocabulary words;
  words.assign("a", 0);
  words.assign("a", 1);
  words.seal();
  EXPECT_EQ(words.find("a"), 1u);
  EXPECT_EQ(words.token(0), "a");
}

TEST(Vocabulary, RefusesAnIdThatWouldTakeAllMemory) {
  text::vocabulary words;
  words.assign("a", 4000000000u);
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { words.seal(); }),
            "a vocabulary of 1 tokens has the id 4000000000, which is out of all proportion");
}

}  // namespace
