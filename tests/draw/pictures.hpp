// SPDX-License-Identifier: MIT
// Pictures drawn by hand, letter by letter.
#pragma once

#include "draw/picture.hpp"

#include <initializer_list>

namespace support {

// Lines from (left, top) on; a letter is the first of a colour, anything else is paper.
inline void put(picture& on, int left, int top, std::initializer_list<std::string_view> lines) {
  int y = top;
  for (const std::string_view line : lines) {
    int x = left;
    for (const char letter : line) {
      for (std::size_t i = 0; i < colour_names.size(); ++i)
        if (letter == *colour_names[i]) on.at(x, y) = pixel_of(static_cast<colour>(i));
      ++x;
    }
    ++y;
  }
}

inline void put_circle(picture& on, int left, int top) {
  put(on, left, top, {"..rrr..", ".rrrrr.", "rrrrrrr", "rrrrrrr", "rrrrrrr", ".rrrrr.", "..rrr.."});
}
inline void put_square(picture& on, int left, int top) {
  put(on, left, top, {"bbbbbb", "bbbbbb", "bbbbbb", "bbbbbb", "bbbbbb", "bbbbbb"});
}

}  // namespace support
