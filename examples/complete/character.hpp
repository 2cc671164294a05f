// SPDX-License-Identifier: MIT
// Reads the first character of a text: in UTF-8, or a single byte if the bytes are not UTF-8.
#pragma once

#include <algorithm>    // any_of
#include <cstddef>      // size_t
#include <string_view>  // string_view

namespace complete {

enum class kind {
  letter,  // one token with neighbours of its kind: letters, digits, underscore
  blank,   // one token with neighbours of its kind: spaces and tabs
  sign,    // a token by itself: punctuation, line ends, ideographs, bytes that are not UTF-8
};

struct character {
  std::size_t bytes;
  char32_t code;  // Unicode's number; not_text for a byte that is no part of any character
  kind what;
};

inline constexpr char32_t not_text = 0xffffffff;

struct code_range {
  char32_t first, last;
};
inline bool within(char32_t code, const code_range* begin, const code_range* end) {
  return std::any_of(begin, end, [&](code_range r) { return code >= r.first && code <= r.last; });
}

inline kind kind_of(char32_t code) {
  constexpr code_range blanks[] = {{U' ', U' '}, {U'\t', U'\t'}, {0xa0, 0xa0}, {0x3000, 0x3000}};
  constexpr code_range signs[] = {
      {0x00, 0x2f},        {0x3a, 0x40},       {0x5b, 0x5e},       {0x60, 0x60}, {0x7b, 0xa9},
      {0xab, 0xb4},        {0xb6, 0xb9},       {0xbb, 0xbf},       {0xd7, 0xd7}, {0xf7, 0xf7},
      {0x2000, 0x206f},    {0x2190, 0x2bff},                        // punctuation, symbols
      {0x3001, 0x30ff},    {0x3400, 0x9fff},   {0xf900, 0xfaff},    // kana, ideographs
      {0xff00, 0xff0f},    {0x1f000, 0x1faff}, {0x20000, 0x3ffff},  // emoji, ideographs
      {not_text, not_text}};
  if (within(code, std::begin(blanks), std::end(blanks))) return kind::blank;
  if (within(code, std::begin(signs), std::end(signs))) return kind::sign;
  return kind::letter;
}

// `text` is not empty.
inline character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.starts_with("\r\n")) return {2, U'\n', kind::sign};
  if (byte(0) < 0x80) return {1, byte(0), kind_of(byte(0))};

  const character broken{1, not_text, kind::sign};
  const std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return broken;
  char32_t code = byte(0) & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return broken;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool reserved = (code & 0xfffe) == 0xfffe || code > 0x10ffff;
  if (code < smallest[bytes] || surrogate || reserved) return broken;
  return {bytes, code, kind_of(code)};
}

}  // namespace complete
