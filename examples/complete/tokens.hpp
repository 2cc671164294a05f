// SPDX-License-Identifier: MIT
// Cuts a text into tokens: words, punctuation and white space. The tokens joined are the text again.
//
//   complete::cut("Who's there?\n");  // "Who's", " ", "there", "?", "\n"
#pragma once

#include "character.hpp"  // first_character, kind

#include <string_view>  // string_view
#include <vector>       // vector

namespace complete {

// A word keeps an apostrophe between two of its letters.
inline bool joins(std::string_view rest) {
  constexpr std::string_view straight = "'", curly = "\xe2\x80\x99";
  const std::size_t bytes = rest.starts_with(straight) ? straight.size()
                            : rest.starts_with(curly)  ? curly.size()
                                                       : 0;
  return bytes > 0 && bytes < rest.size() &&
         first_character(rest.substr(bytes)).what == kind::letter;
}

// The number of bytes of the first token of `text`, which must not be empty.
inline std::size_t first_token(std::string_view text) {
  const character first = first_character(text);
  std::size_t end = first.bytes;
  if (first.what == kind::sign) return end;
  while (end < text.size()) {
    const std::string_view rest = text.substr(end);
    const character next = first_character(rest);
    const bool goes_on = next.what == first.what || (first.what == kind::letter && joins(rest));
    if (!goes_on) break;
    end += next.bytes;
  }
  return end;
}

// The tokens refer to the text.
inline std::vector<std::string_view> cut(std::string_view text) {
  std::vector<std::string_view> tokens;
  while (!text.empty()) {
    const std::size_t bytes = first_token(text);
    tokens.push_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return tokens;
}

}  // namespace complete
