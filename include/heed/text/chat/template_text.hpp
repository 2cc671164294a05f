// SPDX-License-Identifier: MIT
// String functions of chat templates: strip, split, replace, change of case; and values as text.
//
//   detail::text::json_text(detail::text::template_value(true), -1);  // "true"
#pragma once

#include <heed/text/chat/template_value.hpp>  // template_value
#include <heed/text/code_points.hpp>          // is_space, append_lower

#include <charconv>  // to_chars

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// The arguments of a call, in order and by name.
struct template_arguments {
  std::vector<template_value> values;
  std::vector<std::string> names;  // "" for a value given by its place

  // The argument at a place or of a name; null if it was not given.
  [[nodiscard]] const template_value* find(std::size_t place, std::string_view name) const {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (names[i].empty() ? i == place : names[i] == name) return &values[i];
    return nullptr;
  }
  [[nodiscard]] const template_value& need(std::size_t place, std::string_view name) const {
    const template_value* v = find(place, name);
    if (v == nullptr) refuse_template("a call lacks its argument ", std::string(name));
    return *v;
  }
};

inline std::string json_text(const template_value& v, std::int64_t indent, std::int64_t level = 0);

inline std::string json_string(const std::string& text) {
  std::string made = "\"";
  for (const char c : text) {
    constexpr std::string_view plain = "\"\\\n\r\t\b\f", names = "\"\\nrtbf";
    if (const std::size_t i = plain.find(c); i != plain.npos) {
      made += '\\';
      made += names[i];
    } else if (byte_of(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      made += std::string("\\u00") + digits[byte_of(c) >> 4] + digits[byte_of(c) & 15];
    } else {
      made += c;
    }
  }
  return made + '"';
}

// A number as Python writes it.
inline std::string number_text(const template_value& v) {
  if (const auto* i = v.as<std::int64_t>()) return std::to_string(*i);
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, number_of(v)).ptr;
  std::string text(digits, end);
  return text.find_first_of(".en") == text.npos ? text + ".0" : text;
}

inline std::string json_text(const template_value& v, std::int64_t indent, std::int64_t level) {
  const auto line = [&](std::int64_t depth) {
    return indent < 0 ? std::string()
                      : "\n" + std::string(static_cast<std::size_t>(indent * depth), ' ');
  };
  if (level > 60) refuse_template("a value is nested too deep for tojson");
  const auto check = [](const std::string& text) {
    if (text.size() > std::size_t(1) << 26)
      refuse_template("tojson makes a text of more than 64 MiB");
  };
  const std::string between = indent < 0 ? ", " : "," + line(level + 1);
  std::string made;
  if (v.is<none_value>()) return "null";
  if (const auto* b = v.as<bool>()) return *b ? "true" : "false";
  if (is_number(v)) return number_text(v);
  if (const auto* s = v.as<marked_text>()) return json_string(s->text());
  if (const auto* list = v.items()) {
    for (const template_value& item : *list)
      check(made += (made.empty() ? "" : between) + json_text(item, indent, level + 1));
    return made.empty() ? "[]" : "[" + line(level + 1) + made + line(level) + "]";
  }
  if (const auto* dict = v.members()) {
    for (const auto& [key, value] : *dict)
      check(made += (made.empty() ? "" : between) + json_string(key) + ": " +
                    json_text(value, indent, level + 1));
    return made.empty() ? "{}" : "{" + line(level + 1) + made + line(level) + "}";
  }
  refuse_template("tojson of ", kind_name(v));
}

// The text of {{ v }}.
inline marked_text shown(const template_value& v) {
  if (const auto* s = v.as<marked_text>()) return *s;
  if (const auto* b = v.as<bool>()) return marked_text(*b ? "True" : "False");
  if (v.is<none_value>()) return marked_text("None");
  if (v.is<undefined_value>()) return {};
  if (is_number(v)) return marked_text(number_text(v));
  refuse_template("it writes ", kind_name(v));
}

inline marked_text stripped(const marked_text& s, bool left, bool right, const std::string* chars) {
  const std::string& text = s.text();
  const auto goes = [&](std::size_t at) {
    if (chars != nullptr)
      return chars->find(text.substr(at, char_at(text, at).length)) != text.npos;
    const char32_t c = char_at(text, at).value;
    return is_space(c) || (c >= 0x1C && c <= 0x1F);
  };
  std::size_t first = 0, last = text.size();
  while (left && first < last && goes(first)) first += char_at(text, first).length;
  while (right && first < last && goes(char_before(text, last))) last = char_before(text, last);
  return s.part(first, last - first);
}

inline marked_text replaced(const marked_text& s, const marked_text& old, const marked_text& by,
                            std::int64_t most) {
  if (old.size() == 0) refuse_template("replace of an empty text");
  marked_text made;
  std::size_t kept = 0;
  for (std::size_t at = s.text().find(old.text()); at != std::string::npos && most != 0;
       at = s.text().find(old.text(), kept), --most) {
    made += s.part(kept, at - kept);
    made += by;
    kept = at + old.size();
  }
  made += s.part(kept);
  return made;
}

inline template_value split_text(const marked_text& s, const template_arguments& a) {
  template_list parts;
  const template_value* by = a.find(0, "sep");
  const template_value* limit = a.find(1, "maxsplit");
  std::int64_t most = limit == nullptr ? -1 : whole_of(*limit);
  std::size_t at = 0;
  if (by != nullptr && !by->is<none_value>()) {
    const std::string& sign = text_of(*by).text();
    if (sign.empty()) refuse_template("split by an empty text");
    for (std::size_t next = s.text().find(sign); next != std::string::npos && most != 0;
         next = s.text().find(sign, at), --most) {
      parts.emplace_back(s.part(at, next - at));
      at = next + sign.size();
    }
    parts.emplace_back(s.part(at));
    return template_value::list(std::move(parts));
  }
  marked_text rest = stripped(s, true, false, nullptr);
  while (rest.size() > 0) {
    std::size_t end = 0;
    while (end < rest.size() && !is_space(char_at(rest.text(), end).value))
      end += char_at(rest.text(), end).length;
    if (most-- == 0) end = rest.size();
    parts.emplace_back(rest.part(0, end));
    rest = stripped(rest.part(end), true, false, nullptr);
  }
  return template_value::list(std::move(parts));
}

inline marked_text recased(const marked_text& s, std::string_view how) {
  std::string made;
  bool begins = true;
  for (std::size_t at = 0; at < s.size();) {
    const text_char c = char_at(s.text(), at);
    const bool up = how == "upper" || (begins && how != "lower");
    if (up)
      append_char(made,
                  static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c.value))));
    else
      append_lower(made, c.value);
    begins = how == "title" && !is_letter(c.value);
    at += c.length;
  }
  return s.in_place(std::move(made));
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
