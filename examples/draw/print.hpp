// SPDX-License-Identifier: MIT
// Prints a picture in a terminal, a row of patches at a time: coloured half blocks, or letters.
#pragma once

#include "recogniser.hpp"
#include "tokens.hpp"

#include <ostream>

class printer {
 public:
  printer(std::ostream& out, bool colour) : out_(out), colour_(colour) {}

  // The next patch of a picture; a row of patches is printed when it is complete.
  void patch(heed::index i, heed::index id) {
    tokens::draw(shown_, i, id);
    if ((i + 1) % tokens::columns != 0) return;
    const int y = static_cast<int>(i / tokens::columns) * 2;
    if (colour_)
      half_blocks(y);
    else
      letters(y), letters(y + 1);
    out_ << std::flush;
  }

 private:
  void letters(int y) {
    const std::size_t line = picture::side + 1;
    out_ << shown_.letters().substr(static_cast<std::size_t>(y) * line, line);
  }
  // The upper half block has the colour of the upper pixel, the background that of the lower one.
  void half_blocks(int y) {
    for (int x = 0; x < picture::side; ++x)
      out_ << "\x1b[38;2;" << code(shown_.at(x, y)) << ";48;2;" << code(shown_.at(x, y + 1))
           << "m\u2580";
    out_ << "\x1b[0m\n";
  }
  static std::string code(pixel p) {
    const rgb& c = pixel_colours[p];
    return std::to_string(c.red) + ';' + std::to_string(c.green) + ';' + std::to_string(c.blue);
  }

  std::ostream& out_;
  bool colour_;
  picture shown_;
};

// Describes what the recogniser finds: "a red circle above a blue square", "nothing", "something red and a blue square".
inline std::string seen_in(const picture& p) {
  const std::vector<sight> seen = things_in(p);
  const auto text = [](const sight& one) {
    return one.form ? text_of(thing{one.hue, *one.form})
                    : std::string("something ") + name_in(colour_names, one.hue);
  };
  if (seen.empty()) return "nothing";
  if (seen.size() == 2)
    if (const auto where = relation_of(seen[0].around, seen[1].around))
      return text(seen[0]) + ' ' + text_of(*where) + ' ' + text(seen[1]);
  std::string all = text(seen[0]);
  for (std::size_t i = 1; i < seen.size(); ++i)
    all += (i + 1 < seen.size() ? ", " : " and ") + text(seen[i]);
  return all;
}
