// SPDX-License-Identifier: MIT
#include <heed/text/normalizer.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {

namespace text = heed::detail::text;

std::string applied(const text::normalizer& n, std::string t) {
  n.apply(t);
  return t;
}

TEST(Normalizer, LowerCase) {
  const text::plain_normalizer lower(text::to_lower);
  EXPECT_EQ(applied(lower, "ABC \u00C9\u0130\u03A3"), "abc \u00E9i\u0307\u03C3");
}

TEST(Normalizer, MarksAndControls) {
  EXPECT_EQ(applied(text::plain_normalizer(text::strip_marks), "e\u0301\u0903x"), "ex");
  EXPECT_EQ(applied(text::plain_normalizer(text::clean_nmt), "a\u200Bb\x01\tc\u2581"), "a b c ");
  EXPECT_EQ(applied(text::plain_normalizer(text::to_byte_alphabet), "a b"), "a\u0120b");
}

TEST(Normalizer, StripsSpaces) {
  EXPECT_EQ(applied(text::strip_normalizer(true, true), "\u3000 a b \n"), "a b");
  EXPECT_EQ(applied(text::strip_normalizer(false, true), " a "), " a");
  EXPECT_EQ(applied(text::strip_normalizer(true, true), " \n "), "");
}

TEST(Normalizer, PrependsAndReplaces) {
  EXPECT_EQ(applied(text::prepend_normalizer("_"), "a"), "_a");
  EXPECT_EQ(applied(text::prepend_normalizer("_"), ""), "");
  EXPECT_EQ(applied(text::replace_normalizer({" ", "\u2581"}), "a  b"), "a\u2581\u2581b");
  EXPECT_EQ(applied(text::replace_normalizer({text::pattern(" {2,}"), "-"}), "a   b c"), "a-b c");
  EXPECT_EQ(applied(text::replace_normalizer({text::scan_spaces, "-"}), " a \n b"), "-a-b");
}

TEST(Normalizer, BertsFourSteps) {
  EXPECT_EQ(applied(text::bert_normalizer({}), "H\u00C9llo\t\u4E2D\u6587\x01\uFFFD"),
            "hello  \u4E2D  \u6587 ");
  EXPECT_EQ(applied(text::bert_normalizer({.strip_accents = false, .lowercase = false}), "H\u00C9"),
            "H\u00C9");
  // Nonspacing marks of 1993 and of 2020, formats of 2002 and of 2021: Hugging Face knows the older ones.
  EXPECT_EQ(applied(text::bert_normalizer({}), "a\u0B56b\u0B55c"), "ab\u0B55c");
  EXPECT_EQ(applied(text::bert_normalizer({}), "a\u2060b\u0890c"), "ab\u0890c");
  EXPECT_EQ(applied(text::bert_normalizer({}), "a\u1734b\U000111C9c"), "ab\U000111C9c");  // changed
}

// A double array with one string in it: "a" becomes "bc". The root's children lie at 0 ^ 'a', and the
// leaf of that node at its own place ^ 1.
std::string small_charsmap() {
  constexpr std::uint32_t root = 0, a = 0x61;
  std::vector<std::uint32_t> units(256);
  units[0] = root;                      // offset 0
  units[a] = a | 1U << 8 | (1U << 10);  // label, a string ends here, offset 1
  units[a ^ 1] = 0x80000000U;           // the value: place 0 in the texts
  std::string bytes;
  const auto put = [&](std::uint32_t v) {
    for (int i = 0; i < 4; ++i)
      bytes += static_cast<char>(static_cast<unsigned char>(v >> 8 * i & 0xFF));
  };
  put(256 * 4);
  for (const std::uint32_t u : units) put(u);
  return bytes + std::string("bc\0", 3);
}

TEST(Charsmap, ReplacesWhatItHolds) {
  const text::charsmap map(small_charsmap());
  const auto found = map.longest("xab", 1);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->length, 1u);
  EXPECT_EQ(found->text, "bc");
  EXPECT_FALSE(map.longest("xab", 0).has_value());
  EXPECT_EQ(applied(text::precompiled_normalizer(text::charsmap(small_charsmap())), "cab"), "cbcb");
}

TEST(Charsmap, RefusesWhatIsCutOff) {
  const std::string whole = small_charsmap();
  EXPECT_EQ(support::refusal<heed::tokenizer_error>(
                [&] { text::charsmap{std::string_view(whole).substr(0, 40)}; }),
            "a precompiled charsmap says that its array has 1024 bytes, and has 36 bytes in all");
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { text::charsmap{"abc"}; }),
            "a precompiled charsmap of 3 bytes is too short");
}

}  // namespace
