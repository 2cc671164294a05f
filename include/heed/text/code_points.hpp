// SPDX-License-Identifier: MIT
// What kind of character a code point is, by Unicode's general categories.
//
//   detail::text::is_numeric(U'½');      // true
//   detail::text::is_punctuation(U'«');  // true
#pragma once

#include <heed/text/utf8.hpp>  // char_at

#include <utf8proc.h>  // utf8proc_category, utf8proc_tolower

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline utf8proc_category_t category_of(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// Unicode's White_Space.
inline bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

inline bool is_letter(char32_t c) {
  const utf8proc_category_t k = category_of(c);
  return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

inline bool is_numeric(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  const utf8proc_category_t k = category_of(c);
  return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_NO;
}

// Also the symbols of ASCII, $ and + for example, which Unicode does not count as punctuation.
inline bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  const utf8proc_category_t k = category_of(c);
  return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

// Control characters, formats and private use.
inline bool is_other(char32_t c) {
  if (c < 0x80) return c < 0x20 || c == 0x7F;
  const utf8proc_category_t k = category_of(c);
  return k == UTF8PROC_CATEGORY_CC || k == UTF8PROC_CATEGORY_CF || k == UTF8PROC_CATEGORY_CO;
}

inline bool is_nonspacing_mark(char32_t c) {
  return c >= 0x300 && category_of(c) == UTF8PROC_CATEGORY_MN;
}

inline bool is_mark(char32_t c) {
  if (c < 0x300) return false;
  const utf8proc_category_t k = category_of(c);
  return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

// The lower case of one character; only that of U+0130 is two, an i and a dot above.
inline void append_lower(std::string& to, char32_t c) {
  if (c < 0x80) {
    to += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  } else if (c == 0x130) {
    to += "i\xCC\x87";
  } else {
    append_char(to, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
