// SPDX-License-Identifier: MIT
#include <heed/text/unigram_model.hpp>
#include <heed/text/word_piece_model.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {

namespace text = heed::detail::text;
using ids = std::vector<text::token_id>;

text::vocabulary words(const std::vector<std::string>& list) {
  text::vocabulary made;
  for (std::size_t i = 0; i < list.size(); ++i)
    made.assign(list[i], static_cast<text::token_id>(i));
  return made;
}

ids encode(const text::token_model& model, std::string_view piece,
           const text::token_set* refused = nullptr) {
  ids found;
  model.encode(piece, refused, found);
  return found;
}

// ab c scores -3, a bc -2.5, a b c -6: the second is the best.
TEST(UnigramModel, TakesTheGreatestSum) {
  const text::unigram_model<double> model(words({"<unk>", "a", "b", "c", "ab", "bc"}),
                                          {.scores = {0, -2, -2, -2, -1, -0.5}, .unknown = 0});
  EXPECT_EQ(encode(model, "abc"), (ids{1, 5}));
  EXPECT_EQ(encode(model, "ab"), (ids{4}));
}

TEST(UnigramModel, UnknownTextIsOneTokenOrBytes) {
  const auto make = [](bool fallback) {
    return text::unigram_model<float>(
        words({"<unk>", "a", "<0x78>", "<0x79>"}),
        {.scores = {0, -1, -1, -1}, .unknown = 0, .unknown_score = -11, .byte_fallback = fallback});
  };
  EXPECT_EQ(encode(make(false), "axyza"), (ids{1, 0, 1}));
  EXPECT_EQ(encode(make(true), "axya"), (ids{1, 2, 3, 1}));
  EXPECT_EQ(encode(make(true), "axyza"), (ids{1, 0, 1}));  // there is no <0x7A>
}

TEST(UnigramModel, LeavesOutWhatIsRefusedOrNotUsable) {
  const text::unigram_model<double> model(
      words({"<unk>", "<", "s", ">", "<s>"}),
      {.scores = {0, -3, -3, -3, 0}, .unknown = 0, .unknown_score = -13});
  text::token_set control;
  control.insert(4);
  EXPECT_EQ(encode(model, "<s>"), (ids{4}));
  EXPECT_EQ(encode(model, "<s>", &control), (ids{1, 2, 3}));
  const text::unigram_model<double> unusable(
      words({"<unk>", "a", "aa"}),
      {.scores = {0, -3, 0}, .usable = {false, true, false}, .unknown = 0});
  EXPECT_EQ(encode(unusable, "aa"), (ids{1, 1}));
}

TEST(UnigramModel, SaysThatItHasNoTokenForUnknownText) {
  const text::unigram_model<double> model(words({"a"}), {.scores = {0}});
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { encode(model, "b"); }),
            "a text holds a character that is not in the vocabulary, which has no token for "
            "unknown text");
}

// The example of BERT's own code.
TEST(WordPieceModel, TakesTheLongestTokenAtEachPlace) {
  const text::word_piece_model bert(words({"[UNK]", "un", "##aff", "##able", "a", "##a"}), {});
  EXPECT_EQ(encode(bert, "unaffable"), (ids{1, 2, 3}));
  EXPECT_EQ(encode(bert, "aa"), (ids{4, 5}));
  EXPECT_EQ(encode(bert, "unx"), (ids{0}));
  EXPECT_EQ(encode(bert, std::string(100, 'a')).size(), 100u);
  EXPECT_EQ(encode(bert, std::string(101, 'a')), (ids{0}));
}

TEST(WordLevelModel, KnowsWholeWords) {
  const text::word_level_model model(words({"<unk>", "word"}), "<unk>");
  EXPECT_EQ(encode(model, "word"), (ids{1}));
  EXPECT_EQ(encode(model, "words"), (ids{0}));
  const text::word_level_model none(words({"word"}), "<unk>");
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { encode(none, "x"); }),
            "the token for unknown text, <unk>, is not in the vocabulary");
}

}  // namespace
