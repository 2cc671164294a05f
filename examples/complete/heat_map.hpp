// SPDX-License-Identifier: MIT
// Attention weights as shades in a terminal: colours, or plain characters from ' ' to '@'.
#pragma once

#include "attention_map.hpp"  // attention_map
#include "page.hpp"           // page

#include <array>  // array
#include <cmath>  // lround

namespace complete {

class heat_map {
 public:
  explicit heat_map(page& out) : out_(out) {}

  // A line for each row r: its name, its weights, and the text remark(r).
  template <class Remark>
  void print(const attention_map& map, const continuation& c, const Remark& remark) const {
    print_header(map, c);
    for (std::size_t r = 0; r < map.rows.size(); ++r) {
      std::string cells;
      for (std::size_t i = 0; i < map.columns.size(); ++i)
        cells += gap(map, i) + shade(map.weights(static_cast<index>(r), static_cast<index>(i)));
      out_.line(filled(map.rows[r], label) + " " + cells, remark(static_cast<index>(r)));
    }
  }

  void print_legend() const {
    std::string scale;
    for (int i = 0; i < shades; ++i) scale += shade(static_cast<float>(i) / (shades - 1));
    out_.line("0 " + scale + " 1");
  }

 private:
  static constexpr int label = 12;  // columns of a row's label
  static constexpr int shades = 10;

  // A blank if places between two columns are left out.
  static std::string gap(const attention_map& map, std::size_t i) {
    return i > 0 && map.columns[i] != map.columns[i - 1] + 1 ? " " : "";
  }

  // The tokens of the columns, written downwards, with their last letters on one line.
  void print_header(const attention_map& map, const continuation& c) const {
    constexpr std::size_t most = 8;
    std::vector<std::vector<glyph>> names;
    std::size_t height = 1;
    for (const index place : map.columns) {
      names.push_back(glyphs(c.token(place)));
      if (names.back().size() > most) {
        names.back().resize(most - 1);
        names.back().push_back({".", 1});
      }
      height = std::max(height, names.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) {
      std::string letters(label + 1, ' ');
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::size_t above = height - names[i].size();
        letters += gap(map, i) + (line < above ? "  " : in_two_columns(names[i][line - above]));
      }
      out_.line(letters);
    }
  }
  static std::string in_two_columns(const glyph& g) {
    if (g.text == " ") return "_ ";
    return g.columns >= 2 ? g.text : g.text + " ";
  }

  std::string shade(float weight) const {
    constexpr float visible = 0.005f;
    constexpr std::array<char, shades> characters{' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'};
    constexpr std::array<int, shades> colours{234, 53, 54, 90, 126, 162, 203, 209, 216, 230};
    auto level = static_cast<std::size_t>(std::lround(weight * (shades - 1)));
    if (weight >= visible) level = std::max<std::size_t>(level, 1);
    level = std::min<std::size_t>(level, shades - 1);
    if (out_.look().colour) return "\033[48;5;" + std::to_string(colours[level]) + "m  \033[0m";
    return std::string(2, characters[level]);
  }

  page& out_;
};

}  // namespace complete
