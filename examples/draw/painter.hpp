// SPDX-License-Identifier: MIT
// Paints a scene: usually at fixed places, sometimes at random places and in another size.
//
//   chance luck(7);
//   picture p = painted(scene_of("a red circle above a blue square"), luck);
#pragma once

#include "../world/chance.hpp"
#include "picture.hpp"

#include <cstdlib>

// The square in which a thing is drawn.
struct place {
  int left, top, size;

  [[nodiscard]] int right() const { return left + size; }  // the first column to the right of it
  [[nodiscard]] int bottom() const { return top + size; }  // the first row below it
};

// Whether a shape of this size covers a pixel; all lengths are halves of a pixel, so that they are whole numbers.
inline bool covers(shape form, int size, int x, int y) {
  const int across = std::abs(2 * x + 1 - size),
            down = std::abs(2 * y + 1 - size);  // from the centre
  const int arm = size - 6;                     // how thick the bars of a cross are
  switch (form) {
    case shape::circle:
      return across * across + down * down <= size * size;
    case shape::square:
      return true;
    case shape::triangle:
      return across <= y + 1;
    case shape::diamond:
      return across + down <= size;
    case shape::cross:
      return across < arm || down < arm;
  }
  return false;
}

inline void paint(picture& on, const thing& what, const place& where) {
  for (int y = 0; y < where.size; ++y)
    for (int x = 0; x < where.size; ++x)
      if (covers(what.form, where.size, x, y))
        on.at(where.left + x, where.top + y) = pixel_of(what.hue);
}

namespace layout {

// A random number of mean 0: how many of `coins` coins show heads, minus coins / 2.
inline int toss(chance& luck, int coins) {
  int heads = 0;
  for (std::uint64_t bits = luck.next() >> (64 - coins); bits != 0; bits >>= 1)
    heads += static_cast<int>(bits & 1);
  return heads - coins / 2;
}

// With probability 3/4, a square of 8 pixels with its centre at (x, y); otherwise of 8 or 10 pixels, with its centre
// near (x, y). Its corner is always the corner of a patch, so that few kinds of patches are needed.
inline place around(chance& luck, int x, int y) {
  if (luck.below(4) > 0) return {x - 4, y - 4, 8};
  const int size = luck.below(2) == 0 ? 8 : 10;
  const int left = x + toss(luck, 6) - size / 2, top = y + toss(luck, 4) - size / 2;
  return {left - left % 2, top - top % 2, size};
}

inline bool inside(const place& p) {
  return p.left >= 0 && p.top >= 0 && p.right() <= picture::side && p.bottom() <= picture::side;
}

// Places for two things, the first above the second, with at least one empty row between them.
inline std::array<place, 2> stacked(chance& luck) {
  for (;;) {
    const std::array<place, 2> two{around(luck, picture::side / 2, picture::side / 4),
                                   around(luck, picture::side / 2, picture::side * 3 / 4)};
    if (inside(two[0]) && inside(two[1]) && two[0].bottom() < two[1].top) return two;
  }
}

inline place alone(chance& luck) { return around(luck, picture::side / 2, picture::side / 2); }

}  // namespace layout

inline picture painted(const scene& s, chance& luck) {
  picture p;
  if (!s.beside) {
    paint(p, s.first, layout::alone(luck));
    return p;
  }
  const relation where = s.beside->where;
  std::array<place, 2> two = layout::stacked(luck);
  if (where == relation::left || where == relation::right)
    for (place& one : two) std::swap(one.left, one.top);
  if (where == relation::below || where == relation::right) std::swap(two[0], two[1]);
  paint(p, s.first, two[0]);
  paint(p, s.beside->second, two[1]);
  return p;
}
