// SPDX-License-Identifier: MIT
// Which scenes are held out from training, so that a model can be tested on scenes that it has not seen.
//
//   how_held_out(s);  // held::no, held::pair, held::arrangement or held::side
#pragma once

#include "../world/chance.hpp"
#include "scene.hpp"

enum class held {
  no,           // training may use the scene
  pair,         // these two things are never in one picture, in any arrangement
  arrangement,  // the first is never above (or left of) the second; below (or right of) is allowed
  side          // one of the things is never on this side of any other
};
inline constexpr std::array held_names{"seen", "pair", "arrangement", "side"};

// If two scenes are the same picture ("a below b" and "b above a"), both or neither are held out.
inline held how_held_out(const scene& s) {
  if (!s.beside) return held::no;
  const auto number = [](const thing& t) {
    return static_cast<std::uint64_t>(t.hue) * shape_names.size() +
           static_cast<std::uint64_t>(t.form);
  };
  const auto drawn = [](std::uint64_t kind, std::uint64_t a, std::uint64_t b, std::uint64_t below) {
    return chance((kind * 64 + a) * 64 + b).below(below);
  };
  const relation where = s.beside->where;
  const bool turned = where == relation::below || where == relation::right;
  const bool sideways = where == relation::left || where == relation::right;
  const std::uint64_t before = number(turned ? s.beside->second : s.first),
                      after = number(turned ? s.first : s.beside->second);
  if (drawn(1, std::min(before, after), std::max(before, after), 10) == 0) return held::pair;
  if (drawn(2, before, sideways ? 1 : 0, 20) == 0 || drawn(2, after, sideways ? 3 : 2, 20) == 0)
    return held::side;
  if (drawn(sideways ? 4 : 3, before, after, 10) == 0) return held::arrangement;
  return held::no;
}

// A random scene of two different things or, one time in sixteen, of one thing.
inline scene any_scene(chance& luck) {
  const auto any_thing = [&] {
    return thing{static_cast<colour>(luck.below(colour_names.size())),
                 static_cast<shape>(luck.below(shape_names.size()))};
  };
  scene s{any_thing(), std::nullopt};
  if (luck.below(16) == 0) return s;
  s.beside = {static_cast<relation>(luck.below(relation_names.size())), any_thing()};
  while (s.beside->second == s.first) s.beside->second = any_thing();
  return s;
}

// The next random scene of the kind `how`.
inline scene next_scene(chance& luck, held how) {
  for (;;) {
    const scene s = any_scene(luck);
    if (how_held_out(s) == how) return s;
  }
}
