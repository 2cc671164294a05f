// SPDX-License-Identifier: MIT
#include "support/refusal.hpp"

#include <heed/text/passages.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace {

using heed::index;
using heed::passage_sizes;
using texts = std::vector<std::string>;

// A token a word: white space between words counts, as it would in a tokenizer that knows none.
index words(std::string_view text) {
  index count = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!heed::detail::text::is_space(text[i]) &&
        (i == 0 || heed::detail::text::is_space(text[i - 1])))
      ++count;
  return count;
}
index bytes(std::string_view text) { return index(text.size()); }

template <class Count>
texts cut(const std::string& text, const Count& count, const passage_sizes& sizes) {
  texts found;
  for (const heed::passage& p : heed::passages(text, count, sizes)) found.emplace_back(p.of(text));
  return found;
}

TEST(passages, end_with_sentences_and_repeat_the_last_ones) {
  EXPECT_EQ(cut("One two. Three four. Five six.", words, {.tokens = 4, .overlap = 2}),
            (texts{"One two. Three four.", "Three four. Five six."}));
  EXPECT_EQ(cut("One two. Three four. Five six.", words, {.tokens = 4, .overlap = 0}),
            (texts{"One two. Three four.", "Five six."}));
  EXPECT_EQ(cut("a. b. c. d. e. f.", words, {.tokens = 3, .overlap = 1}),
            (texts{"a. b. c.", "c. d. e.", "e. f."}));
}

TEST(passages, end_at_lines_and_at_marks_of_other_scripts) {
  EXPECT_EQ(cut("title\n\n  text  \n", words, {.tokens = 1, .overlap = 0}),
            (texts{"title", "text"}));
  EXPECT_EQ(cut("猫は寝る。犬は走る！鳥？", bytes, {.tokens = 18, .overlap = 0}),
            (texts{"猫は寝る。", "犬は走る！", "鳥？"}));
  EXPECT_EQ(cut("Version 3.14 is here. Use a.b today", words, {.tokens = 4, .overlap = 0}),
            (texts{"Version 3.14 is here.", "Use a.b today"}));
}

TEST(passages, gives_up_what_is_repeated_where_the_next_sentence_is_long) {
  EXPECT_EQ(cut("a. b. c d e f. g.", words, {.tokens = 4, .overlap = 2}),
            (texts{"a. b.", "c d e f.", "g."}));
}

TEST(passages, halves_long_sentences_at_white_space_else_at_characters) {
  EXPECT_EQ(cut("a b c d e f g h", words, {.tokens = 3, .overlap = 0}),
            (texts{"a b", "c d", "e f", "g h"}));
  for (const std::string& part : cut("ääääääääää", bytes, {.tokens = 3, .overlap = 0}))
    EXPECT_EQ(part, "ä");
  EXPECT_EQ(cut("😀", bytes, {.tokens = 3, .overlap = 0}), (texts{"😀"}));
}

TEST(passages, holds_every_word_and_no_more_tokens_than_asked_for) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "w" + std::to_string(i) + (i * i % 17 == 1 ? "." : "") + (i * i % 91 == 9 ? "\n" : " ");
    if (i == 1000) text += std::string(500, 'x') + ' ';
  }
  const auto found = heed::passages(text, words, {.tokens = 20, .overlap = 5});
  std::string all;
  for (const heed::passage& p : found) {
    EXPECT_LE(words(p.of(text)), 20);
    all += p.of(text);
    all += ' ';
  }
  for (int i = 0; i < 3000; ++i) {
    const std::string word = "w" + std::to_string(i);
    EXPECT_TRUE(std::any_of(std::begin(" .\n"), std::end(" .\n"), [&](char end) {
      return all.find(word + end) != std::string::npos;
    })) << word;
  }
  for (std::size_t i = 1; i < found.size(); ++i) EXPECT_GT(found[i].offset, found[i - 1].offset);
}

TEST(passages, bears_texts_that_are_none) {
  EXPECT_TRUE(heed::passages("", words).empty());
  EXPECT_TRUE(heed::passages(" \n\t ", words).empty());
  EXPECT_FALSE(heed::passages(std::string(1000, '\xFF'), bytes).empty());
  EXPECT_FALSE(heed::passages(std::string(1000, '\x80'), bytes).empty());
  EXPECT_EQ(support::refusal<heed::shape_error>(
                [] { (void)heed::passages("a", words, {.tokens = 5, .overlap = 5}); }),
            "heed::passages: overlap is 5, tokens is 5; overlap may not be negative, and must be "
            "smaller than tokens");
}

}  // namespace
