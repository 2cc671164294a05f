// SPDX-License-Identifier: MIT
// Recognises the things in a picture, and checks whether they are those of a scene. It does not use the code that
// paints pictures: it finds areas of one colour, and compares their widths in each row and column with those of shapes.
//
//   things_in(p);        // {{{red, circle}, box}, {{blue, square}, box}}
//   shows(p, a_scene);   // whether the picture shows this scene and nothing else
#pragma once

#include "picture.hpp"

#include <cmath>

struct box {
  int left = picture::side, top = picture::side, right = 0,
      bottom = 0;  // right, bottom: the first outside

  [[nodiscard]] int width() const { return right - left; }
  [[nodiscard]] int height() const { return bottom - top; }
};

struct area {
  colour hue;
  box around;
  std::vector<std::array<int, 2>> pixels;  // x, y
};

// Connected areas of one colour, also connected at corners, ordered from top to bottom and left to right.
inline std::vector<area> areas_of(const picture& p) {
  picture left = p;  // the pixels that are in no area yet
  std::vector<area> found;
  for (int start = 0; start < picture::side * picture::side; ++start) {
    const int first_x = start % picture::side, first_y = start / picture::side;
    const pixel ink = left.at(first_x, first_y);
    if (ink == paper) continue;
    area one{colour_of(ink), {}, {{first_x, first_y}}};
    left.at(first_x, first_y) = paper;
    for (std::size_t i = 0; i < one.pixels.size(); ++i) {
      const auto [x, y] = one.pixels[i];
      one.around.left = std::min(one.around.left, x),
      one.around.right = std::max(one.around.right, x + 1);
      one.around.top = std::min(one.around.top, y),
      one.around.bottom = std::max(one.around.bottom, y + 1);
      for (int v = std::max(0, y - 1); v <= std::min(picture::side - 1, y + 1); ++v)
        for (int u = std::max(0, x - 1); u <= std::min(picture::side - 1, x + 1); ++u)
          if (left.at(u, v) == ink) {
            one.pixels.push_back({u, v});
            left.at(u, v) = paper;
          }
    }
    found.push_back(std::move(one));
  }
  return found;
}

// The width of a shape's row at t of its height, and the height of its column at t of its width, as shares from 0 to 1.
struct outline {
  shape form;
  double (*of_rows)(double t);
  double (*of_columns)(double t);
};

inline constexpr std::array<outline, 5> outlines{{
    {shape::circle, [](double t) { return 2 * std::sqrt(t * (1 - t)); },
     [](double t) { return 2 * std::sqrt(t * (1 - t)); }},
    {shape::square, [](double) { return 1.0; }, [](double) { return 1.0; }},
    {shape::triangle, [](double t) { return t; }, [](double t) { return 1 - std::abs(2 * t - 1); }},
    {shape::diamond, [](double t) { return 1 - std::abs(2 * t - 1); },
     [](double t) { return 1 - std::abs(2 * t - 1); }},
    {shape::cross, [](double t) { return std::abs(t - 0.5) < 0.16 ? 1.0 : 0.3; },
     [](double t) { return std::abs(t - 0.5) < 0.16 ? 1.0 : 0.3; }},
}};

// The shape with the nearest outline. None if no outline is near, if a side has fewer than 5 pixels, if width and height
// differ by more than a pixel, if a row or a column has gaps, or if a row is not centred.
inline std::optional<shape> shape_of(const area& a) {
  const box& b = a.around;
  constexpr int least = 5;
  constexpr double farthest = 0.14;  // mean over rows and columns, as a share of the width
  if (b.width() < least || b.height() < least || std::abs(b.width() - b.height()) > 1)
    return std::nullopt;
  struct run {
    int first = picture::side, last = -1, count = 0;
  };
  std::array<run, picture::side> rows, columns;
  for (const auto& [x, y] : a.pixels) {
    const auto add = [](run& r, int place) {
      r.first = std::min(r.first, place), r.last = std::max(r.last, place), ++r.count;
    };
    add(rows[static_cast<std::size_t>(y)], x);
    add(columns[static_cast<std::size_t>(x)], y);
  }
  for (int y = b.top; y < b.bottom; ++y) {
    const run& r = rows[static_cast<std::size_t>(y)];
    if (r.count != r.last - r.first + 1 || std::abs(r.first - b.left - (b.right - 1 - r.last)) > 1)
      return std::nullopt;
  }
  for (int x = b.left; x < b.right; ++x) {
    const run& c = columns[static_cast<std::size_t>(x)];
    if (c.count != c.last - c.first + 1) return std::nullopt;
  }
  std::optional<shape> nearest;
  double best = farthest;
  for (const outline& one : outlines) {
    double sum = 0;
    for (int y = b.top; y < b.bottom; ++y)
      sum += std::abs(one.of_rows((y - b.top + 0.5) / b.height()) -
                      double(rows[static_cast<std::size_t>(y)].count) / b.width()) /
             b.height();
    for (int x = b.left; x < b.right; ++x)
      sum += std::abs(one.of_columns((x - b.left + 0.5) / b.width()) -
                      double(columns[static_cast<std::size_t>(x)].count) / b.height()) /
             b.width();
    if (sum / 2 < best) best = sum / 2, nearest = one.form;
  }
  return nearest;
}

// A thing that was found, and its bounding box; without a form if it is none of the shapes.
struct sight {
  colour hue;
  std::optional<shape> form;
  box around;

  [[nodiscard]] bool is(const thing& t) const { return hue == t.hue && form == t.form; }
};

inline std::vector<sight> things_in(const picture& p) {
  std::vector<sight> seen;
  for (const area& one : areas_of(p)) seen.push_back({one.hue, shape_of(one), one.around});
  return seen;
}

// The side of b on which a is: a must be wholly on that side, and farther to it than to any other. None otherwise.
inline std::optional<relation> relation_of(const box& a, const box& b) {
  const int across = a.left + a.right - b.left - b.right,
            down = a.top + a.bottom - b.top - b.bottom;
  if (std::abs(down) > std::abs(across)) {
    if (a.bottom <= b.top) return relation::above;
    if (b.bottom <= a.top) return relation::below;
  } else if (std::abs(across) > std::abs(down)) {
    if (a.right <= b.left) return relation::left;
    if (b.right <= a.left) return relation::right;
  }
  return std::nullopt;
}

inline bool shows(const picture& p, const scene& s) {
  const std::vector<sight> seen = things_in(p);
  if (!s.beside) return seen.size() == 1 && seen[0].is(s.first);
  if (seen.size() != 2) return false;
  for (std::size_t first = 0; first < 2; ++first) {
    const sight &a = seen[first], &b = seen[1 - first];
    if (a.is(s.first) && b.is(s.beside->second) &&
        relation_of(a.around, b.around) == s.beside->where)
      return true;
  }
  return false;
}
