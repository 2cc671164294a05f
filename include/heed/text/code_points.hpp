// SPDX-License-Identifier: MIT
// Classes of code points by Unicode's general categories, as in Hugging Face's tokenizers:
// punctuation, formats and nonspacing marks by the tables of Unicode 8.0.
//
//   detail::text::is_numeric(U'½');      // true
//   detail::text::is_punctuation(U'«');  // true
#pragma once

#include <heed/text/utf8.hpp>  // char_at

#include <utf8proc.h>  // utf8proc_category, utf8proc_tolower

#include <algorithm>  // lower_bound
#include <iterator>   // begin, end

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline utf8proc_category_t category_of(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// Whether a mark, a punctuation or a format character got its category after Unicode 8.0 (2015). Hugging Face's
// tokenizers have the tables of 8.0, so such a character has no category there, and BERT's steps do not change it.
// The ranges are those of Unicode's DerivedAge and three characters whose category was changed; other characters
// inside the ranges are not of these categories.
inline bool is_new(char32_t c) {
  constexpr struct {
    char32_t first, last;
  } ranges[] = {{0x61D, 0x61D},     {0x7FD, 0x7FD},     {0x890, 0x8E2},     {0x9FD, 0x9FE},
                {0xA76, 0xA76},     {0xAFA, 0xAFF},     {0xB55, 0xB55},     {0xC04, 0xC3C},
                {0xC77, 0xC77},     {0xC84, 0xC84},     {0xD00, 0xD00},     {0xD3B, 0xD3C},
                {0xD81, 0xD81},     {0xEBA, 0xEBA},     {0xECE, 0xECE},     {0x180F, 0x1886},
                {0x1ABF, 0x1ACE},   {0x1B7D, 0x1B7E},   {0x1DF6, 0x1DFB},   {0x2E43, 0x2E5D},
                {0xA82C, 0xA82C},   {0xA8C5, 0xA8C5},   {0xA8FF, 0xA8FF},   {0xA9BD, 0xA9BD},
                {0x10D24, 0x10F89}, {0x11070, 0x11074}, {0x110C2, 0x110CD}, {0x111CF, 0x111CF},
                {0x1123E, 0x11241}, {0x1133B, 0x1133B}, {0x11438, 0x1145E}, {0x11660, 0x1166C},
                {0x116B9, 0x116B9}, {0x1182F, 0x11FFF}, {0x12FF1, 0x13455}, {0x16E97, 0x16F4F},
                {0x16FE2, 0x16FE4}, {0x1CF00, 0x1CF46}, {0x1E000, 0x1E4EF}, {0x1E944, 0x1E95F}};
  const auto* const range =
      std::lower_bound(std::begin(ranges), std::end(ranges), c,
                       [](const auto& r, char32_t sought) { return r.last < sought; });
  return range != std::end(ranges) && range->first <= c;
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
  return (k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO && !is_new(c)) || c == 0x166D ||
         c == 0x111C9;  // both were punctuation in Unicode 8.0
}

// Control characters, formats and private use.
inline bool is_other(char32_t c) {
  if (c < 0x80) return c < 0x20 || c == 0x7F;
  const utf8proc_category_t k = category_of(c);
  return k == UTF8PROC_CATEGORY_CC || k == UTF8PROC_CATEGORY_CO ||
         (k == UTF8PROC_CATEGORY_CF && !is_new(c));
}

inline bool is_nonspacing_mark(char32_t c) {
  if (c == 0x1734) return true;    // in Unicode 8.0
  if (c == 0x111C9) return false;  // punctuation in Unicode 8.0
  return c >= 0x300 && category_of(c) == UTF8PROC_CATEGORY_MN && !is_new(c);
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
