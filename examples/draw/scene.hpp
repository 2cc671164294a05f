// SPDX-License-Identifier: MIT
// A scene, which a picture shows: one thing, or two things, one above, below, left of or right of the other.
//
//   const scene s{{colour::red, shape::circle}, {{relation::above, {colour::blue, shape::square}}}};
//   caption_of(s);  // "a red circle above a blue square"
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

enum class colour { red, green, blue, yellow, purple, orange };
enum class shape { circle, square, triangle, diamond, cross };
enum class relation { above, below, left, right };

inline constexpr std::array colour_names{"red", "green", "blue", "yellow", "purple", "orange"};
inline constexpr std::array shape_names{"circle", "square", "triangle", "diamond", "cross"};
inline constexpr std::array relation_names{"above", "below", "left", "right"};

struct thing {
  colour hue;
  shape form;

  friend bool operator==(const thing&, const thing&) = default;
};

// One thing, or "first where second".
struct scene {
  struct neighbour {
    relation where;  // the side of the second on which the first is
    thing second;

    friend bool operator==(const neighbour&, const neighbour&) = default;
  };

  thing first;
  std::optional<neighbour> beside;

  friend bool operator==(const scene&, const scene&) = default;
};

// Thrown for a caption that is not a scene.
struct caption_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Enum, std::size_t Count>
std::optional<Enum> named(const std::array<const char*, Count>& names, std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

template <class Enum, std::size_t Count>
const char* name_in(const std::array<const char*, Count>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

// "an orange circle"
inline std::string text_of(const thing& t) {
  const std::string hue = name_in(colour_names, t.hue);
  return (hue.front() == 'o' ? "an " : "a ") + hue + ' ' + name_in(shape_names, t.form);
}

inline std::string text_of(relation where) {
  const bool sideways = where == relation::left || where == relation::right;
  return name_in(relation_names, where) + std::string(sideways ? " of" : "");
}

inline std::string caption_of(const scene& s) {
  if (!s.beside) return text_of(s.first);
  return text_of(s.first) + ' ' + text_of(s.beside->where) + ' ' + text_of(s.beside->second);
}

// Words of a caption, in lower case, without commas and full stops.
inline std::vector<std::string> words_of(std::string_view caption) {
  std::vector<std::string> words(1);
  for (const char c : caption) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool between = c == ' ' || c == '\t' || c == '\n' || c == '.' || c == ',';
    if (between && !words.back().empty()) words.emplace_back();
    if (!between) words.back() += letter ? static_cast<char>(c | 0x20) : c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}
