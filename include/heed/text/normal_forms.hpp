// SPDX-License-Identifier: MIT
// Unicode's normal forms (UAX #15) in linear time, apart from the sort of combining marks.
//
//   std::string text = "e\u0301";
//   detail::text::normalise(text, detail::text::normal_form::nfc);  // text is "é"
#pragma once

#include <heed/text/code_points.hpp>  // utf8proc

#include <algorithm>  // sort, transform, find_if
#include <cstddef>    // ptrdiff_t
#include <utility>    // pair
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

enum class normal_form { nfc, nfd, nfkc, nfkd };

inline bool is_compatible(normal_form f) {
  return f == normal_form::nfkc || f == normal_form::nfkd;
}
inline bool is_composed(normal_form f) { return f == normal_form::nfc || f == normal_form::nfkc; }

inline int combining_class(utf8proc_int32_t c) { return utf8proc_get_property(c)->combining_class; }

// The full decomposition of one character, appended.
inline void decompose(std::vector<utf8proc_int32_t>& to, utf8proc_int32_t c, normal_form form) {
  const auto option = static_cast<utf8proc_option_t>(
      is_compatible(form) ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT : UTF8PROC_DECOMPOSE);
  utf8proc_int32_t parts[32];
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(c, parts, 32, option, &boundary);
  if (count < 1 || count > 32)
    to.push_back(c);
  else
    to.insert(to.end(), parts, parts + count);
}

// The characters of the first two planes that NFC neither changes nor composes with a character before
// them: such a character begins a part of a text that can be normalised by itself.
class composed_starters {
 public:
  composed_starters() : starts_(planes, true) {
    std::vector<utf8proc_int32_t> parts;
    for (utf8proc_int32_t c = 0; c < planes; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      if (combining_class(c) != 0) starts_[static_cast<std::size_t>(c)] = false;
      parts.clear();
      decompose(parts, c, normal_form::nfc);
      if (parts.size() == 1 && parts[0] == c) continue;
      const bool hangul = c >= 0xAC00 && c < 0xD7A4;
      // The second and later parts can be composed with a character before them.
      for (std::size_t i = 1; i < parts.size(); ++i)
        if (parts[i] < planes) starts_[static_cast<std::size_t>(parts[i])] = false;
      if (hangul) continue;
      const utf8proc_int32_t first = parts[0];
      const utf8proc_ssize_t left = utf8proc_normalize_utf32(
          parts.data(), static_cast<utf8proc_ssize_t>(parts.size()), composing);
      if (left != 1 || parts[0] != c || combining_class(first) != 0)
        starts_[static_cast<std::size_t>(c)] = false;
    }
  }

  [[nodiscard]] bool contain(char32_t c) const {
    if (c < planes) return starts_[c];
    return c < 0x2F800 || c > 0x2FA1F;
  }

  static constexpr auto composing =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

 private:
  static constexpr utf8proc_int32_t planes = 0x20000;
  std::vector<bool> starts_;
};

inline const composed_starters& nfc_starters() {
  static const composed_starters starters;
  return starters;
}

// Appends any part of a text in normal form.
inline void append_normalised(std::string& to, std::string_view text, normal_form form) {
  std::vector<utf8proc_int32_t> chars;
  chars.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const text_char c = char_at(text, at);
    decompose(chars, static_cast<utf8proc_int32_t>(c.value), form);
    at += c.length;
  }
  // Marks in the order of their classes. (utf8proc does this too, but in quadratic time.)
  for (auto first = chars.begin(); first != chars.end();) {
    first = std::find_if(first, chars.end(), [](auto c) { return combining_class(c) != 0; });
    const auto last =
        std::find_if(first, chars.end(), [](auto c) { return combining_class(c) == 0; });
    std::vector<std::pair<int, std::ptrdiff_t>> order;  // class, place: equal classes stay in order
    for (auto mark = first; mark != last; ++mark)
      order.emplace_back(combining_class(*mark), mark - first);
    std::sort(order.begin(), order.end());
    const std::vector<utf8proc_int32_t> marks(first, last);
    std::transform(order.begin(), order.end(), first,
                   [&](const auto& o) { return marks[static_cast<std::size_t>(o.second)]; });
    first = last;
  }
  auto count = static_cast<utf8proc_ssize_t>(chars.size());
  if (is_composed(form) && count > 0)
    count = utf8proc_normalize_utf32(chars.data(), count, composed_starters::composing);
  for (utf8proc_ssize_t i = 0; i < count; ++i)
    append_char(to, static_cast<char32_t>(chars[static_cast<std::size_t>(i)]));
}

inline void normalise(std::string& text, normal_form form) {
  // Whether a character is its own normal form and does not change the form of characters before it.
  const auto starts = [form](char32_t c) {
    if (form == normal_form::nfc) return c < 0x300 || nfc_starters().contain(c);
    return c < 0x80;
  };
  const std::string_view old = text;
  std::string made;
  std::size_t kept = 0;    // `made` is the normal form of old[0, kept)
  std::size_t before = 0;  // the place of the last character for which starts() is true
  for (std::size_t at = 0; at < old.size();) {
    const text_char c = char_at(old, at);
    if (starts(c.value)) {
      before = at;
      at += c.length;
      continue;
    }
    std::size_t end = at;
    while (end < old.size()) {
      const text_char next = char_at(old, end);
      if (starts(next.value)) break;
      end += next.length;
    }
    before = (std::max)(before, kept);
    made += old.substr(kept, before - kept);
    append_normalised(made, old.substr(before, end - before), form);
    kept = before = at = end;
  }
  if (kept == 0) return;
  made += old.substr(kept);
  text.swap(made);
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
