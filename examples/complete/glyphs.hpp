// SPDX-License-Identifier: MIT
// Printable forms of tokens: lists of glyphs, in which characters that cannot be printed are escaped.
//
//   complete::quoted("the\n");  // "the\n", quotation marks included
#pragma once

#include "character.hpp"  // first_character

#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace complete {

struct glyph {
  std::string text;  // UTF-8
  int columns;       // its width in a terminal
};

inline int columns_of(char32_t code) {
  constexpr code_range marks[] = {{0x300, 0x36f}, {0x200b, 0x200f}, {0xfe00, 0xfe0f}};
  constexpr code_range wide[] = {{0x1100, 0x115f},  {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},
                                 {0xf900, 0xfaff},  {0xff00, 0xff60}, {0x1f300, 0x1faff},
                                 {0x20000, 0x3ffff}};
  if (within(code, std::begin(marks), std::end(marks))) return 0;
  return within(code, std::begin(wide), std::end(wide)) ? 2 : 1;
}

// The escape of a character that cannot be printed: \n, \t, \x07; empty for any other.
inline std::string escape(const character& c, std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  if (c.code == U'\n') return bytes.size() == 2 ? "\\r\\n" : "\\n";
  if (c.code == U'\t') return "\\t";
  const bool control = c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0);
  const bool turns_text = c.code >= 0x2028 && c.code <= 0x202e;  // separators, changes of direction
  std::string shown;
  if (control || turns_text || c.code == not_text)
    for (const char byte : bytes) {
      const auto value = static_cast<unsigned char>(byte);
      shown += {'\\', 'x', digits[value >> 4], digits[value & 15]};
    }
  return shown;
}

inline std::vector<glyph> glyphs(std::string_view token) {
  std::vector<glyph> all;
  while (!token.empty()) {
    const character c = first_character(token);
    const std::string_view bytes = token.substr(0, c.bytes);
    const std::string escaped = escape(c, bytes);
    for (const char letter : escaped) all.push_back({{letter}, 1});
    if (escaped.empty() && columns_of(c.code) == 0 && !all.empty())
      all.back().text += bytes;  // a combining mark is part of the glyph before
    else if (escaped.empty())
      all.push_back({std::string(bytes), columns_of(c.code)});
    token.remove_prefix(c.bytes);
  }
  return all;
}

// The start or the end of a text, of at most `most` columns; ".." takes the place of what is cut off.
enum class keep { start, end };
struct cut_text {
  std::string text;
  int columns;
};
inline cut_text shorten(const std::vector<glyph>& all, int most, keep which = keep::start) {
  int columns = 0;
  for (const glyph& g : all) columns += g.columns;
  const bool fits = columns <= most;
  cut_text kept{"", fits ? 0 : 2};
  const auto add = [&](const glyph& g, bool in_front) {
    if (kept.columns + g.columns > most) return false;
    kept.text = in_front ? g.text + kept.text : kept.text + g.text;
    kept.columns += g.columns;
    return true;
  };
  if (which == keep::start)
    for (auto g = all.begin(); g != all.end() && add(*g, false);) ++g;
  else
    for (auto g = all.rbegin(); g != all.rend() && add(*g, true);) ++g;
  if (!fits) kept.text = which == keep::start ? kept.text + ".." : ".." + kept.text;
  return kept;
}

// A token in quotation marks, at most `most` columns in all.
inline std::string quoted(std::string_view token, int most = 24, keep which = keep::start) {
  return '"' + shorten(glyphs(token), most - 2, which).text + '"';
}

// The text with control characters escaped, except for line ends and tabs.
inline std::string harmless(std::string_view text) {
  std::string shown;
  for (; !text.empty(); text.remove_prefix(first_character(text).bytes)) {
    const character c = first_character(text);
    const std::string_view bytes = text.substr(0, c.bytes);
    const std::string escaped = c.code == U'\n' || c.code == U'\t' ? "" : escape(c, bytes);
    shown += escaped.empty() ? std::string(bytes) : escaped;
  }
  return shown;
}

// A text, cut or padded with blanks to `columns` columns.
inline std::string filled(std::string_view text, int columns) {
  const cut_text shown = shorten(glyphs(text), columns);
  return shown.text + std::string(static_cast<std::size_t>(columns - shown.columns), ' ');
}

}  // namespace complete
