// SPDX-License-Identifier: MIT
#include <heed/text/pre_tokenizer.hpp>

#include <gtest/gtest.h>

namespace {

namespace text = heed::detail::text;
using list = std::vector<std::string>;
using behavior = text::split_behavior;

list cut(const text::pre_tokenizer& p, const std::string& t, bool start = true) {
  text::pieces pieces;
  pieces.begin(t, start);
  p.cut(pieces);
  list found;
  for (const text::text_range& r : pieces.ranges) found.emplace_back(pieces.view(r));
  return found;
}

list split(const std::string& t, behavior b, bool invert = false) {
  return cut(text::split_pre_tokenizer<text::words_finder>({"-"}, b, invert), t);
}

// The example in Hugging Face's documentation.
TEST(PreTokenizer, EveryBehaviourOfASplit) {
  const std::string t = "the-final--countdown";
  EXPECT_EQ(split(t, behavior::removed), (list{"the", "final", "countdown"}));
  EXPECT_EQ(split(t, behavior::isolated), (list{"the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(split(t, behavior::merged_with_previous), (list{"the-", "final-", "-", "countdown"}));
  EXPECT_EQ(split(t, behavior::merged_with_next), (list{"the", "-final", "-", "-countdown"}));
  EXPECT_EQ(split(t, behavior::contiguous), (list{"the", "-", "final", "--", "countdown"}));
  EXPECT_EQ(split(t, behavior::removed, true), (list{"-", "-", "-"}));
}

TEST(PreTokenizer, Bert) {
  EXPECT_EQ(cut(*text::make_bert_pre_tokenizer(), "Hello, w\u00F6rld!\u3000$5"),
            (list{"Hello", ",", "w\u00F6rld", "!", "$", "5"}));
  // Punctuation of 2014, of 2019, and what was punctuation in 2015: Hugging Face knows the older ones.
  EXPECT_EQ(cut(*text::make_bert_pre_tokenizer(), "a\u2E42b\u2E4Fc\u166Dd"),
            (list{"a", "\u2E42", "b\u2E4Fc", "\u166D", "d"}));
}

TEST(PreTokenizer, ByteLevel) {
  EXPECT_EQ(cut(text::byte_level_pre_tokenizer(true, true, true), "it's \u00E9"),
            (list{"\u0120it", "'s", "\u0120\u00C3\u00A9"}));
  EXPECT_EQ(cut(text::byte_level_pre_tokenizer(false, false, false), "a b"), (list{"a b"}));
}

TEST(PreTokenizer, Metaspace) {
  const std::string m = "\u2581";
  const auto meta = [&](text::prepend_scheme scheme, bool split_too) {
    return text::metaspace_pre_tokenizer(m, scheme, split_too);
  };
  EXPECT_EQ(cut(meta(text::prepend_scheme::always, true), "a  b", false),
            (list{m + "a", m, m + "b"}));
  EXPECT_EQ(cut(meta(text::prepend_scheme::always, true), " a"), (list{m + "a"}));
  EXPECT_EQ(cut(meta(text::prepend_scheme::first, false), "a b", true), (list{m + "a" + m + "b"}));
  EXPECT_EQ(cut(meta(text::prepend_scheme::first, false), "a b", false), (list{"a" + m + "b"}));
  EXPECT_EQ(cut(meta(text::prepend_scheme::never, true), "a b"), (list{"a", m + "b"}));
}

TEST(PreTokenizer, DigitsWordsAndLengths) {
  EXPECT_EQ(cut(*text::make_char_split(text::is_numeric, behavior::isolated), "a12"),
            (list{"a", "1", "2"}));
  EXPECT_EQ(cut(*text::make_char_split(text::is_numeric, behavior::contiguous), "a12b"),
            (list{"a", "12", "b"}));
  EXPECT_EQ(cut(text::split_pre_tokenizer<text::scanner_finder>({text::scan_words},
                                                                behavior::removed, true),
                "a_b, c--"),
            (list{"a_b", ",", "c", "--"}));
  EXPECT_EQ(cut(text::fixed_length_pre_tokenizer(2), "ab\u4E2De"), (list{"ab", "\u4E2De"}));
}

TEST(PreTokenizer, APatternAndItsScannerCutAlike) {
  const std::string t = "Don't  stop 123!\n";
  const auto by_hand =
      text::make_pattern_split(std::string(text::gpt2_pattern), behavior::isolated, false);
  const text::split_pre_tokenizer<text::pattern> by_pattern(text::pattern(text::gpt2_pattern),
                                                            behavior::isolated);
  EXPECT_EQ(cut(*by_hand, t), cut(by_pattern, t));
  EXPECT_EQ(cut(*by_hand, t), (list{"Don", "'t", " ", " stop", " 123", "!", "\n"}));
}

}  // namespace
