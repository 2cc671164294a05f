// SPDX-License-Identifier: MIT
#include <heed/text/read/sentencepiece.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {

namespace text = heed::detail::text;
using ids = std::vector<text::token_id>;

// Protocol Buffers by hand.
std::string field(unsigned number, const std::string& bytes) {
  return static_cast<char>(number << 3 | 2) + std::string(1, static_cast<char>(bytes.size())) +
         bytes;
}
std::string number(unsigned field, unsigned value) {
  std::string made;
  for (unsigned v : {field << 3, value}) {
    for (; v > 127; v >>= 7) made += static_cast<char>(static_cast<unsigned char>((v & 127) | 128));
    made += static_cast<char>(v);
  }
  return made;
}
std::string piece(const std::string& words, float score, unsigned kind = 1) {
  std::string made = field(1, words) + static_cast<char>(2 << 3 | 5);
  const auto bits = std::bit_cast<std::uint32_t>(score);
  for (int i = 0; i < 4; ++i)
    made += static_cast<char>(static_cast<unsigned char>(bits >> 8 * i & 255));
  return field(1, made + number(3, kind));
}

// A trainer's settings: the model's type and whether bytes stand for unknown text.
std::string trainer(unsigned type, bool bytes) {
  return field(2, number(3, type) + number(35, bytes));
}

// Neither spaces at the ends nor twice in a row are removed.
const std::string keep_spaces = field(3, number(4, 0));

ids encode(const std::string& file, std::string_view words) {
  return text::read_sentencepiece(file)->encode(words, {});
}

// Of "_a" (-1) and "ab" (-2) the first is merged first, then "_ab" needs a piece.
TEST(SentencepieceFile, BytePairsByTheirScores) {
  const std::string pieces = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("\u2581a", -1) +
                             piece("ab", -2) + piece("\u2581", -3) + piece("a", -4) +
                             piece("b", -5);
  EXPECT_EQ(encode(pieces + trainer(2, false) + keep_spaces, "ab"), (ids{2, 6}));
  EXPECT_EQ(encode(pieces + trainer(2, false) + keep_spaces, "aab"), (ids{2, 3}));
  EXPECT_EQ(encode(pieces + trainer(2, false) + keep_spaces, "axyb"), (ids{2, 0, 6}));
  EXPECT_EQ(encode(pieces + trainer(2, false), " a  ab "), (ids{2, 2, 6}));
  EXPECT_EQ(encode(pieces + trainer(2, false) + keep_spaces, "<s>"),
            (ids{4, 0}));  // no control token
}

TEST(SentencepieceFile, BytesForWhatIsUnknown) {
  const std::string pieces =
      piece("<unk>", 0, 2) + piece("<0x78>", 0, 6) + piece("\u2581", -3) + piece("a", -4);
  EXPECT_EQ(encode(pieces + trainer(2, true) + keep_spaces, "ax"), (ids{2, 3, 1}));
  EXPECT_EQ(encode(pieces + trainer(2, true) + keep_spaces, "ay"), (ids{2, 3, 0}));
}

TEST(SentencepieceFile, CharactersThatOnlyMergesKnow) {
  const std::string pieces = piece("<unk>", 0, 2) + piece("\u2581", -1) + piece("xy", -2);
  EXPECT_EQ(encode(pieces + trainer(2, false) + keep_spaces, "xyx"), (ids{1, 2, 0}));
}

TEST(SentencepieceFile, SymbolsOfUsersAreFoundFirst) {
  const std::string pieces = piece("<unk>", 0, 2) + piece("\u2581", -1) + piece("ab", -2) +
                             piece("a", -3) + piece("b", -4) + piece("ba", 0, 4);
  EXPECT_EQ(encode(pieces + trainer(2, false) + keep_spaces, "bab"), (ids{1, 5, 4}));
}

// A unigram model: "_ab" = -5, "_a" + "b" = -3.
TEST(SentencepieceFile, Unigram) {
  const std::string pieces =
      piece("<unk>", 0, 2) + piece("\u2581a", -1) + piece("b", -2) + piece("\u2581ab", -5);
  EXPECT_EQ(encode(pieces + trainer(1, false), "ab"), (ids{1, 2}));
  EXPECT_EQ(encode(pieces + trainer(1, false), "abc"), (ids{1, 2, 0}));
}

TEST(SentencepieceFile, RefusesInWords) {
  const auto said = [](const std::string& file) {
    return support::refusal<heed::tokenizer_error>([&] { text::read_sentencepiece(file); });
  };
  EXPECT_EQ(said(""), "no piece is the one for unknown text");
  EXPECT_EQ(said("\x0A\x7F"), "a message has a field of 127 bytes where 0 are left");
  EXPECT_EQ(said("\x0A"), "a message ends inside a number");
  EXPECT_EQ(said("\x0B"), "a message has a field of the unknown kind 3");
  EXPECT_EQ(said(std::string(20, '\xFF')), "a message has a number of more than 64 bits");
  EXPECT_EQ(said(piece("a", 0, 9)), "piece 0 is of the unknown type 9");
  EXPECT_EQ(said(piece("a", 0, 2) + piece("b", 0, 2)), "pieces 0 and 1 are both for unknown text");
  EXPECT_EQ(said(piece("a", 0, 2) + piece("b", std::numeric_limits<float>::quiet_NaN())),
            "piece 1 has the score nan");
  EXPECT_EQ(said(piece("a", 0, 2) + trainer(4, false)),
            "its model is of the type 4, which is neither 1 (unigram) nor 2 (byte pairs)");
}

}  // namespace
