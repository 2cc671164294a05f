// SPDX-License-Identifier: MIT
// A cursor in a text, which steps over characters by their classes: the building block of scanners.
//
//   detail::text::scan("12 days", 0).all(detail::text::char_class::number).at();  // 2
#pragma once

#include <heed/text/char_classes.hpp>  // onig_classes

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// A text, its classes, and a place in it.
class scan {
 public:
  scan(std::string_view text, std::size_t at) : classes_(onig_classes()), text_(text), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char byte() const { return done() ? '\0' : text_[at_]; }
  // The classes of the next character; 0 at the end, and for a character in no class.
  [[nodiscard]] unsigned next() const { return class_at(at_); }
  // The classes of the character after the next one.
  [[nodiscard]] unsigned second() const {
    return done() ? 0 : class_at(at_ + char_at(text_, at_).length);
  }
  // Whether there is a next character, and it is in none of these classes; the same for the second one.
  [[nodiscard]] bool next_is_not(unsigned bits) const { return !done() && (next() & bits) == 0; }
  [[nodiscard]] bool second_is_not(unsigned bits) const {
    return !done() && at_ + char_at(text_, at_).length < text_.size() && (second() & bits) == 0;
  }

  scan& step() {
    at_ += char_at(text_, at_).length;
    return *this;
  }
  // Skips characters of these classes, `most` at most.
  scan& all(unsigned bits, std::size_t most = ~std::size_t(0)) {
    for (; most > 0 && !done(); --most) {
      const text_char c = char_at(text_, at_);
      if ((classes_.of(c.value) & bits) == 0) break;
      at_ += c.length;
    }
    return *this;
  }
  // Skips characters that are in none of these classes.
  scan& none(unsigned bits) {
    while (!done()) {
      const text_char c = char_at(text_, at_);
      if ((classes_.of(c.value) & bits) != 0) break;
      at_ += c.length;
    }
    return *this;
  }

  // The bytes of an English ending with its apostrophe ('s 't 'm 'd 're 've 'll), 0 if none is here.
  [[nodiscard]] std::size_t ending(bool any_case) const {
    const std::string_view rest = text_.substr(at_, 3);
    if (rest.size() < 2 || rest[0] != '\'') return 0;
    const auto letter = [&](std::size_t i) {
      const char c = i < rest.size() ? rest[i] : '\0';
      return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    const char a = letter(1), b = letter(2);
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return 3;
    return any_case && rest.substr(1) == "\xC5\xBF" ? 3 : 0;  // U+017F is a long s
  }

  // \s+(?!\S)|\s+ : white space, without its last character if another character follows.
  std::size_t spaces() {
    const std::size_t first = at_;
    std::size_t last = at_;
    while (!done()) {
      const text_char c = char_at(text_, at_);
      if ((classes_.of(c.value) & char_class::space) == 0) break;
      last = at_;
      at_ += c.length;
    }
    return done() || last == first ? at_ : last;
  }

  // \s*[\r\n]+|\s+(?!\S)|\s+
  std::size_t spaces_or_lines() {
    const std::size_t first = at_;
    std::size_t last = at_, line = at_;
    while (!done()) {
      const text_char c = char_at(text_, at_);
      const unsigned k = classes_.of(c.value);
      if ((k & char_class::space) == 0) break;
      last = at_;
      at_ += c.length;
      if ((k & char_class::newline) != 0) line = at_;
    }
    if (line > first) return line;
    return done() || last == first ? at_ : last;
  }

 private:
  [[nodiscard]] unsigned class_at(std::size_t at) const {
    return at < text_.size() ? classes_.of(char_at(text_, at).value) : 0;
  }

  const char_classes& classes_;
  std::string_view text_;
  std::size_t at_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
