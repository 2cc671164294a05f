// SPDX-License-Identifier: MIT
#include <heed/text/byte_alphabet.hpp>

#include <gtest/gtest.h>

namespace {

namespace text = heed::detail::text;

// The characters that every list of GPT-2's tokens is full of.
TEST(ByteAlphabet, WritesSpacesAndLinesAsItsMakersDo) {
  EXPECT_EQ(text::in_byte_alphabet(" a\n"), "\u0120a\u010A");
  EXPECT_EQ(text::in_byte_alphabet("\xC3\xA9"), "\u00C3\u00A9");
  EXPECT_EQ(text::in_byte_alphabet(std::string("\0", 1)), "\u0100");
  EXPECT_EQ(text::in_byte_alphabet("\xAD"), "\u0143");
}

TEST(ByteAlphabet, EveryByteComesBack) {
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes += static_cast<char>(static_cast<unsigned char>(b));
  EXPECT_EQ(text::from_byte_alphabet(text::in_byte_alphabet(bytes)), bytes);
}

TEST(ByteAlphabet, AnotherCharacterLeavesATokenAsItIs) {
  EXPECT_EQ(text::from_byte_alphabet("\u0120\u4E2D"), "\u0120\u4E2D");
}

}  // namespace
