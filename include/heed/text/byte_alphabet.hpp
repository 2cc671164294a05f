// SPDX-License-Identifier: MIT
// GPT-2's alphabet: a printable character for each byte, in which byte-level vocabularies are written.
//
//   detail::text::in_byte_alphabet(" a\n");  // "ĠaĊ"
#pragma once

#include <heed/text/utf8.hpp>  // append_char, char_at

#include <array>  // array

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Printable bytes of Latin-1 are the characters of these codes; the other 68 are U+0100, U+0101, ... in order.
class byte_alphabet {
 public:
  byte_alphabet() {
    bytes_.fill(-1);
    char32_t next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const bool printable = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
      chars_[b] = printable ? char32_t(b) : next++;
      bytes_[chars_[b]] = static_cast<short>(b);
    }
  }

  [[nodiscard]] char32_t char_of(unsigned byte) const { return chars_[byte]; }
  // The byte of a character; -1 for a character outside the alphabet.
  [[nodiscard]] int byte_of_char(char32_t c) const { return c < bytes_.size() ? bytes_[c] : -1; }

 private:
  std::array<char32_t, 256> chars_{};
  std::array<short, 0x144> bytes_{};
};

inline const byte_alphabet& gpt2_alphabet() {
  static const byte_alphabet alphabet;
  return alphabet;
}

inline std::string in_byte_alphabet(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char b : bytes) append_char(text, gpt2_alphabet().char_of(byte_of(b)));
  return text;
}

// The bytes that a token stands for; the token itself if one of its characters is not in the alphabet.
inline std::string from_byte_alphabet(std::string_view token) {
  std::string bytes;
  for (std::size_t at = 0; at < token.size();) {
    const text_char c = char_at(token, at);
    const int byte = gpt2_alphabet().byte_of_char(c.value);
    if (byte < 0) return std::string(token);
    bytes += static_cast<char>(static_cast<unsigned char>(byte));
    at += c.length;
  }
  return bytes;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
