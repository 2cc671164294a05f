// SPDX-License-Identifier: MIT
// Style, escaped text and colours of an SVG picture.
#pragma once

#include "glyphs.hpp"  // glyphs

#include <algorithm>  // min
#include <array>      // array
#include <cstdio>     // snprintf

namespace complete {

inline constexpr const char* svg_style = R"(<style>
text { font: 8px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #333; white-space: pre }
.title { font-weight: bold; font-size: 12px; fill: #111 }
.head { font: bold 22px 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #111 }
.note { font: 13px 'DejaVu Sans', Helvetica, Arial, sans-serif }
.new { fill: #c2185b; font-weight: bold }
.paper { fill: #fff; stroke: #ccc }
.gap { stroke: #bbb; stroke-dasharray: 2 2 }
</style>
)";

// Text with the special characters of XML escaped.
inline std::string xml(std::string_view text) {
  std::string safe;
  for (const glyph& g : glyphs(text))
    safe += g.text == "<" ? "&lt;" : g.text == ">" ? "&gt;" : g.text == "&" ? "&amp;" : g.text;
  return safe;
}

// The colour of a weight, from 0 to 1: white, orange, red, violet, nearly black.
inline std::string shade_of(float weight) {
  struct stop {
    double at, red, green, blue;
  };
  constexpr std::array<stop, 5> stops{{{0, 255, 252, 235},
                                       {0.25, 254, 176, 120},
                                       {0.5, 231, 82, 99},
                                       {0.75, 129, 37, 129},
                                       {1, 28, 16, 68}}};
  const double w = std::min(static_cast<double>(weight), 1.0);
  std::size_t i = 1;
  while (i + 1 < stops.size() && w > stops[i].at) ++i;
  const stop &low = stops[i - 1], &high = stops[i];
  const double t = (w - low.at) / (high.at - low.at);
  const auto mix = [&](double from, double to) { return static_cast<int>(from + t * (to - from)); };
  char text[32];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", mix(low.red, high.red) & 255,
                mix(low.green, high.green) & 255, mix(low.blue, high.blue) & 255);
  return text;
}

}  // namespace complete
