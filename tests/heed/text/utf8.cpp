// SPDX-License-Identifier: MIT
#include <heed/text/utf8.hpp>

#include <gtest/gtest.h>

namespace {

namespace text = heed::detail::text;

TEST(Utf8, CharactersOfEveryLength) {
  const std::string all = "a\u00E9\u4E2D\U0001F600";
  const char32_t values[] = {U'a', 0xE9, 0x4E2D, 0x1F600};
  std::size_t at = 0;
  for (const char32_t value : values) {
    const text::text_char c = text::char_at(all, at);
    EXPECT_EQ(c.value, value);
    EXPECT_EQ(text::utf8(value), all.substr(at, c.length));
    at += c.length;
    EXPECT_EQ(text::char_before(all, at), at - c.length);
  }
  EXPECT_EQ(at, all.size());
  EXPECT_EQ(text::count_chars(all), 4u);
}

// Unicode's own example of maximal parts, table 3-8 of the standard, and what it says of long forms,
// halves of pairs and code points above U+10FFFF: U+FFFD for each byte there.
TEST(Utf8, WhatIsNoTextIsReplaced) {
  const std::string fffd = "\uFFFD";
  EXPECT_EQ(text::repaired("a\xF1\x80\x80\xE1\x80\xC2"
                           "b\x80"
                           "c\x80\xBF"
                           "d"),
            "a" + fffd + fffd + fffd + "b" + fffd + "c" + fffd + fffd + "d");
  EXPECT_EQ(text::repaired("\xC0\xAF"), fffd + fffd);
  EXPECT_EQ(text::repaired("\xED\xA0\x80"), fffd + fffd + fffd);
  EXPECT_EQ(text::repaired("\xF4\x90\x80\x80"), fffd + fffd + fffd + fffd);
  EXPECT_EQ(text::repaired("\xE2\x82"), fffd);
  EXPECT_EQ(text::repaired("plain \u20AC"), "plain \u20AC");
}

TEST(Utf8, TellsTextThatIsCutOffFromTextThatIsWrong) {
  const text::utf8_fault cut = text::find_fault("ab\xE2\x82");
  EXPECT_EQ(cut.at, 2u);
  EXPECT_EQ(cut.length, 2u);
  EXPECT_TRUE(cut.cut_off);
  EXPECT_FALSE(text::find_fault("ab\xE2x").cut_off);
  EXPECT_EQ(text::find_fault("fine").at, 4u);
  EXPECT_EQ(text::find_fault("fine").length, 0u);
}

}  // namespace
