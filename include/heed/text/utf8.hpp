// SPDX-License-Identifier: MIT
// UTF-8: the code points of a text, with U+FFFD in place of bytes that are not valid.
//
//   detail::text::char_at("né", 1);        // {U+00E9, 2 bytes}
//   detail::text::repaired("a\xFFz");      // "a\uFFFDz"
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <algorithm>    // min
#include <cstddef>      // size_t
#include <string>       // string
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline unsigned byte_of(char c) { return static_cast<unsigned char>(c); }

struct text_char {
  char32_t value;
  std::size_t length;  // bytes
};

// How many bytes the character has that begins with `lead`.
inline std::size_t char_length(char lead) {
  const unsigned b = byte_of(lead);
  return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}

// The character at byte `at` < text.size(). In text that is not UTF-8, it may be any character, but its
// bytes are always inside the text.
inline text_char char_at(std::string_view text, std::size_t at) {
  const unsigned lead = byte_of(text[at]);
  if (lead < 0x80) [[likely]]
    return {lead, 1};
  const std::size_t length = (std::min)(char_length(text[at]), text.size() - at);
  const auto tail = [&](std::size_t i) { return i < length ? byte_of(text[at + i]) & 0x3F : 0; };
  if (lead < 0xE0) return {(lead & 0x1F) << 6 | tail(1), length};
  if (lead < 0xF0) return {(lead & 0x0F) << 12 | tail(1) << 6 | tail(2), length};
  return {(lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), length};
}

// The first byte of the character that ends before byte `end` > 0.
inline std::size_t char_before(std::string_view text, std::size_t end) {
  std::size_t at = end - 1;
  while (at > 0 && end - at < 4 && (byte_of(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

inline void append_char(std::string& to, char32_t c) {
  const auto put = [&](char32_t bits) {
    to += static_cast<char>(static_cast<unsigned char>(bits));
  };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

inline std::string utf8(char32_t c) {
  std::string text;
  append_char(text, c);
  return text;
}

inline std::size_t count_chars(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (byte_of(c) & 0xC0) != 0x80;
  return count;
}

// The first bytes of a text from `at` on that are not UTF-8.
struct utf8_fault {
  std::size_t at;      // the text's size if there is none
  std::size_t length;  // the largest part that could have begun a character, or one byte
  bool cut_off;        // the text ends inside a character that was right so far
};

inline utf8_fault find_fault(std::string_view text, std::size_t at = 0) {
  const std::size_t size = text.size();
  while (at < size) {
    const unsigned lead = byte_of(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    if (lead < 0xC2 || lead > 0xF4) return {at, 1, false};
    const std::size_t length = char_length(text[at]);
    // Excludes overlong forms, UTF-16 surrogates, and code points above U+10FFFF.
    const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < length; ++i) {
      if (at + i == size) return {at, i, true};
      const unsigned b = byte_of(text[at + i]);
      if (b < (i == 1 ? lowest : 0x80) || b > (i == 1 ? highest : 0xBF)) return {at, i, false};
    }
    at += length;
  }
  return {size, 0, false};
}

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

// The text with U+FFFD in place of each part that is not UTF-8, as Unicode recommends and as Rust's
// String::from_utf8_lossy, which Hugging Face's library uses, does.
inline std::string repaired(std::string_view text) {
  std::string whole;
  whole.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const utf8_fault fault = find_fault(text, at);
    whole += text.substr(at, fault.at - at);
    if (fault.length > 0) whole += replacement_character;
    at = fault.at + fault.length;
  }
  return whole;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
