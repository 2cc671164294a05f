// SPDX-License-Identifier: MIT
// The attention of every head as one self-contained SVG picture.
#pragma once

#include "attention_map.hpp"  // attention_map
#include "svg_text.hpp"       // xml, shade_of

#include <algorithm>  // max, min
#include <cstdio>     // snprintf
#include <sstream>    // ostringstream

namespace complete {

class svg {
 public:
  explicit svg(const continuation& c) : c_(c) {}

  // The maps of layer 1, four in a line, and below them those of layer 2, which are wide, two in a line.
  std::string draw() {
    const index asked = c_.size() - (c_.complete() ? 1 : 0);
    const index first = std::max(index(0), std::min(c_.given() - 1, asked - most_rows));
    const index rows = std::min(most_rows, asked - first);
    const index columns = ((width - margin) / 2 - margin - label) / cell;
    const int bottom = panels(maps_of_layer_1(c_, first, rows), 4, top);
    return document(panels(maps_of_layer_2(c_, first, rows, columns), 2, bottom));
  }

 private:
  static constexpr index most_rows = 28;
  static constexpr int width = 1460;  // of the picture
  static constexpr int margin = 32;
  static constexpr int top = 124;
  static constexpr int cell = 9;      // side of a weight
  static constexpr int label = 64;    // room for the name of a token
  static constexpr int heading = 22;  // room for a map's title

  // Draws maps side by side from height y on; returns the height at which they end.
  int panels(const std::vector<attention_map>& maps, int per_line, int y) {
    int drawn = 0;
    for (const attention_map& map : maps) {
      panel(map, margin + drawn % per_line * (width - margin) / per_line, y);
      if (++drawn % per_line == 0)
        y += heading + label + cell * static_cast<int>(map.rows.size()) + margin;
    }
    return y;
  }

  void text(int x, int y, std::string_view what, const char* more = "") {
    body_ << "<text x=\"" << x << "\" y=\"" << y << "\" " << more << ">" << xml(what)
          << "</text>\n";
  }
  void open_group(int x, int y) {
    body_ << "<g transform=\"translate(" << x << ' ' << y << ")\">\n";
  }

  void panel(const attention_map& map, int x, int y) {
    const int columns = static_cast<int>(map.columns.size());
    const int rows = static_cast<int>(map.rows.size());
    open_group(x + label, y + heading + label);
    text(0, -label - 6, map.title, "class=\"title\"");
    body_ << "<rect width=\"" << columns * cell << "\" height=\"" << rows * cell
          << "\" class=\"paper\"/>\n";
    for (int r = 0; r < rows; ++r)
      text(-4, r * cell + 7, map.rows[static_cast<std::size_t>(r)], "text-anchor=\"end\"");
    for (int i = 0; i < columns; ++i) column(map, i, rows);
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < columns; ++i) weight(map, r, i);
    body_ << "</g>\n";
  }

  // A column's name, and a line if places before it are left out.
  void column(const attention_map& map, int i, int rows) {
    const auto at = static_cast<std::size_t>(i);
    const index place = map.columns[at];
    body_ << "<g transform=\"translate(" << i * cell + 7 << " -4) rotate(-90)\">";
    text(0, 0, quoted(c_.token(place), 12), place >= c_.given() ? "class=\"new\"" : "");
    body_ << "</g>\n";
    if (i > 0 && place != map.columns[at - 1] + 1)
      body_ << "<path d=\"M" << i * cell << " 0v" << rows * cell << "\" class=\"gap\"/>\n";
  }

  // One weight, with a tooltip of its tokens and its number.
  void weight(const attention_map& map, int r, int i) {
    constexpr float visible = 0.005f;
    const float w = map.weights(r, i);
    if (w < visible) return;
    char share[16];
    std::snprintf(share, sizeof share, "%.2f", static_cast<double>(w));
    body_ << "<rect x=\"" << i * cell << "\" y=\"" << r * cell << "\" width=\"" << cell
          << "\" height=\"" << cell << "\" fill=\"" << shade_of(w) << "\"><title>"
          << xml(map.rows[static_cast<std::size_t>(r)]) << " looks at "
          << xml(quoted(c_.token(map.columns[static_cast<std::size_t>(i)]))) << ": " << share
          << "</title></rect>\n";
  }

  void legend() {
    constexpr int steps = 20, step = 10, high = 12;
    open_group(width - margin - steps * step - 12, 34);
    text(-14, 10, "0", "class=\"note\"");
    for (int i = 0; i < steps; ++i)
      body_ << "<rect x=\"" << i * step << "\" width=\"" << step << "\" height=\"" << high
            << "\" fill=\"" << shade_of(static_cast<float>(i) / (steps - 1)) << "\"/>\n";
    text(steps * step + 6, 10, "1", "class=\"note\"");
    text(0, 30, "share of a token's attention", "class=\"note\"");
    body_ << "</g>\n";
  }

  // The picture, whose maps have been drawn.
  std::string document(int height) {
    const std::string maps = body_.str();
    body_.str("");
    body_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\""
          << height << "\" viewBox=\"0 0 " << width << ' ' << height << "\">\n"
          << svg_style << "<rect width=\"100%\" height=\"100%\" fill=\"#f7f6f3\"/>\n";
    text(margin, 46, "Self-attention, head by head", "class=\"head\"");
    text(margin, 72,
         "Each row is a token that asks what comes next; each column is a token that it may look "
         "at. "
         "Red names: tokens that attention has added to the text.",
         "class=\"note\"");
    text(margin, 92,
         "Layer 1 finds the neighbours of a token. Layer 2 finds the earlier places that the same "
         "neighbours led up to; what stands there comes next. A row without colour: nothing found.",
         "class=\"note\"");
    legend();
    body_ << maps << "</svg>\n";
    return body_.str();
  }

  const continuation& c_;
  std::ostringstream body_;
};

}  // namespace complete
