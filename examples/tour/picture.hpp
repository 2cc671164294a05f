// SPDX-License-Identifier: MIT
// Small SVG pictures of matrices and bars, for light and dark pages, which can be read without colours.
#pragma once

#include <heed/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace tour {

using heed::index;
using heed::matrix;

// A number with `decimals` decimals, and without a minus sign before zero.
inline std::string fixed(double value, int decimals = 2) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  const bool zero = std::string_view(text).find_first_of("123456789") == std::string_view::npos;
  return zero && text[0] == '-' ? text + 1 : text;
}

inline std::string xml(std::string_view text) {
  std::string safe;
  for (const char c : text)
    safe += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return safe;
}

class picture {
 public:
  static constexpr int label = 64;  // room for a row's name

  picture(int width, int height) : width_(width), height_(height) {}

  void text(int x, int y, std::string_view what, const char* more = "") {
    body_ += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" " + more + ">" +
             xml(what) + "</text>\n";
  }

  // A square for each element, whose area is proportional to its magnitude; full squares are positive, hollow ones
  // negative. The square of `largest` fills its cell.
  void squares(const matrix<float>& m, int x, int y, int cell, double largest, int gap = 1) {
    body_ += "<rect class=\"paper\" x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) +
             "\" width=\"" + std::to_string(static_cast<int>(m.cols()) * cell) + "\" height=\"" +
             std::to_string(static_cast<int>(m.rows()) * cell) + "\"/>\n";
    std::string more, less;
    for (index i = 0; i < m.rows(); ++i)
      for (index j = 0; j < m.cols(); ++j) {
        const double value = static_cast<double>(m(i, j)) / largest;
        const double side = (cell - gap) * std::sqrt((std::min)(std::abs(value), 1.0));
        if (!(side >= 0.5)) continue;
        const double inset = (cell - side) / 2;
        const std::string size = fixed(side, 1);
        (value > 0 ? more : less) += 'M' + fixed(x + static_cast<double>(j) * cell + inset, 1) +
                                     ' ' + fixed(y + static_cast<double>(i) * cell + inset, 1) +
                                     'h' + size + 'v' + size + "h-" + size + "z\n";
      }
    if (!more.empty()) body_ += "<path class=\"more\" d=\"" + more + "\"/>\n";
    if (!less.empty()) body_ += "<path class=\"less\" d=\"" + less + "\"/>\n";
  }

  // Names at the left of the rows, and above the columns, of squares at (x, y).
  void row_names(const std::vector<std::string>& names, int x, int y, int cell) {
    for (std::size_t i = 0; i < names.size(); ++i)
      text(x - 6, y + static_cast<int>(i) * cell + cell / 2 + 4, names[i], "text-anchor=\"end\"");
  }
  void column_names(const std::vector<std::string>& names, int x, int y, int cell) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string at = std::to_string(x + static_cast<int>(i) * cell + cell / 2 + 4) + ' ' +
                             std::to_string(y - 6);
      body_ += "<g transform=\"translate(" + at + ") rotate(-60)\">";
      text(0, 0, names[i]);
      body_ += "</g>\n";
    }
  }

  // A bar for each value, with its name before it and its number after it; the bar of `largest` is `length` long.
  void bars(const std::vector<std::string>& names, const std::vector<double>& values, int x, int y,
            int length, double largest) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const int top = y + 20 * static_cast<int>(i);
      const double size = std::abs(values[i]) / largest * length;
      text(x - 6, top + 11, names[i], "text-anchor=\"end\"");
      body_ += std::string("<rect class=\"") + (values[i] < 0 ? "less" : "more") + "\" x=\"" +
               std::to_string(x) + "\" y=\"" + std::to_string(top + 1) + "\" width=\"" +
               fixed((std::max)(size, 0.5), 1) + "\" height=\"12\"/>\n<text x=\"" +
               fixed(x + size + 6, 1) + "\" y=\"" + std::to_string(top + 11) + "\">" +
               fixed(values[i]) + "</text>\n";
    }
  }

  [[nodiscard]] std::string svg() const {
    const std::string size = std::to_string(width_) + ' ' + std::to_string(height_);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width_) +
           "\" height=\"" + std::to_string(height_) + "\" viewBox=\"0 0 " + size + "\">\n" +
           R"(<style>
text { font: 12px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; fill: #1f2328; white-space: pre }
.title { font-weight: 600 }
.paper { fill: none; stroke: #8888; stroke-width: 0.5 }
.more { fill: #1f5fbf }
.less { fill: none; stroke: #a8480c; stroke-width: 1.2 }
@media (prefers-color-scheme: dark) { text { fill: #e6e4de } .more { fill: #78a9ff } .less { stroke: #ff9a5c } }
</style>
)" + body_ +
           "</svg>\n";
  }

 private:
  int width_, height_;
  std::string body_;
};

}  // namespace tour
