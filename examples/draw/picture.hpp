// SPDX-License-Identifier: MIT
// A picture of 24 x 24 pixels, each of which is paper or has one of the six colours.
//
//   picture p;
//   p.at(3, 0) = pixel_of(colour::red);  // x to the right, y down
//   p.letters();                         // 24 lines: "...r...................." ...
#pragma once

#include "scene.hpp"

#include <cstdint>

using pixel = std::uint8_t;  // 0: paper; else 1 + a colour

inline constexpr pixel paper = 0;
inline constexpr std::size_t pixel_kinds = 1 + colour_names.size();

constexpr pixel pixel_of(colour hue) { return static_cast<pixel>(1 + static_cast<int>(hue)); }
constexpr colour colour_of(pixel p) { return static_cast<colour>(p - 1); }

struct rgb {
  std::uint8_t red, green, blue;
};
inline constexpr std::array<rgb, pixel_kinds> pixel_colours{{{250, 248, 242},
                                                             {205, 43, 49},
                                                             {38, 138, 72},
                                                             {38, 86, 186},
                                                             {244, 200, 46},
                                                             {126, 56, 158},
                                                             {236, 124, 30}}};

class picture {
 public:
  static constexpr int side = 24;

  pixel& at(int x, int y) { return pixels_[place(x, y)]; }
  [[nodiscard]] pixel at(int x, int y) const { return pixels_[place(x, y)]; }

  // A line for each row: for each pixel, the first letter of its colour, or a dot.
  [[nodiscard]] std::string letters() const {
    std::string text;
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x)
        text += at(x, y) == paper ? '.' : *name_in(colour_names, colour_of(at(x, y)));
      text += '\n';
    }
    return text;
  }

  friend bool operator==(const picture&, const picture&) = default;

 private:
  static std::size_t place(int x, int y) { return static_cast<std::size_t>(y * side + x); }

  std::array<pixel, side * side> pixels_{};
};
