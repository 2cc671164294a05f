// SPDX-License-Identifier: MIT
#include <heed/text/sentencepiece_steps.hpp>
#include <heed/text/token_decoder.hpp>

#include <gtest/gtest.h>

namespace {

namespace text = heed::detail::text;
using list = std::vector<std::string>;

list applied(const text::token_decoder& decoder, list parts) {
  text::decoded d{std::move(parts)};
  decoder.apply(d);
  return d.parts;
}

TEST(TokenDecoder, ByteLevel) {
  EXPECT_EQ(applied(text::byte_level_decoder(), {"\u0120a", "\u00C3", "\u00A9", "<\u4E2D>"}),
            (list{" a\u00E9<\u4E2D>"}));
  EXPECT_EQ(applied(text::byte_level_decoder(), {"\u00C3", "a"}), (list{"\uFFFDa"}));
}

TEST(TokenDecoder, ByteFallback) {
  const text::byte_fallback_decoder decoder;
  EXPECT_EQ(applied(decoder, {"a", "<0xC3>", "<0xA9>", "b"}), (list{"a", "\u00E9", "b"}));
  EXPECT_EQ(applied(decoder, {"<0xC3>", "<0x41>"}), (list{"\uFFFD", "\uFFFD"}));
  EXPECT_EQ(applied(decoder, {"<0xZZ>"}), (list{"<0xZZ>"}));
}

TEST(TokenDecoder, AStreamTellsACharacterThatIsNotComplete) {
  text::decoded d{{"a", "<0xE4>", "<0xB8>"}};
  d.is_stream = true;
  text::byte_fallback_decoder().apply(d);
  EXPECT_TRUE(d.cut_off);
  EXPECT_EQ(d.parts, (list{"a", "\uFFFD"}));
  text::decoded whole{{"<0xE4>", "<0xB8>", "<0xAD>"}};
  whole.is_stream = true;
  text::byte_fallback_decoder().apply(whole);
  EXPECT_FALSE(whole.cut_off);
}

TEST(TokenDecoder, WordPieceAndItsSpaces) {
  EXPECT_EQ(applied(text::word_piece_decoder("##", true), {"do", "##n", "'", "t", "stop", "."}),
            (list{"do", "n", " '", " t", " stop", "."}));
  EXPECT_EQ(applied(text::word_piece_decoder("##", false), {"a", "."}), (list{"a", " ."}));
}

TEST(TokenDecoder, TheOthers) {
  EXPECT_EQ(applied(text::fuse_decoder(), {"a", "b"}), (list{"ab"}));
  EXPECT_EQ(applied(text::replace_decoder({"\u2581", " "}), {"\u2581a"}), (list{" a"}));
  EXPECT_EQ(applied(text::strip_decoder(" ", 1, 2), {"  a   "}), (list{" a "}));
  EXPECT_EQ(applied(text::metaspace_decoder("\u2581", true), {"\u2581a", "\u2581b"}),
            (list{"a", " b"}));
  EXPECT_EQ(applied(text::metaspace_decoder("\u2581", false), {"\u2581a"}), (list{" a"}));
  EXPECT_EQ(applied(text::suffix_decoder("</w>"), {"lo", "w</w>", "er</w>"}),
            (list{"lo", "w ", "er"}));
  EXPECT_EQ(applied(text::ctc_decoder("<pad>", "|", true), {"h", "h", "<pad>", "h", "|", "i"}),
            (list{"h", "h", " ", "i"}));
}

std::string spaced(const text::sentencepiece_spaces& spaces, std::string t) {
  text::sentencepiece_normalizer(spaces, {}, {}).apply(t);
  return t;
}

TEST(Sentencepiece, Spaces) {
  const std::string m = "\u2581";
  EXPECT_EQ(spaced({}, "  to   be "), m + "to" + m + "be");
  EXPECT_EQ(spaced({}, "   "), "");
  EXPECT_EQ(spaced({.remove_extra_whitespaces = false}, " to"), m + m + "to");
  EXPECT_EQ(spaced({.add_dummy_prefix = false}, " to be"), "to" + m + "be");
  EXPECT_EQ(spaced({.as_suffix = true}, "to"), "to" + m);
  EXPECT_EQ(spaced({.escape_whitespaces = false}, "to be"), " to be");
}

TEST(Sentencepiece, Decodes) {
  const text::sentencepiece_decoder decoder(
      {.controls = {"<s>"}, .unknown = "<unk>", .has_bytes = true},
      {.remove_extra_whitespaces = false});
  EXPECT_EQ(applied(decoder, {"<s>", "\u2581to", "\u2581be"}), (list{"to be"}));
  EXPECT_EQ(applied(decoder, {"\u2581", "\u2581to"}), (list{" to"}));
  EXPECT_EQ(applied(decoder, {"a", "<unk>", "b"}), (list{"a \u2047 b"}));
  EXPECT_EQ(applied(decoder, {"<0xE4>", "<0xB8>", "<0xAD>", "<0xFF>"}), (list{"\u4E2D\uFFFD"}));
}

}  // namespace
