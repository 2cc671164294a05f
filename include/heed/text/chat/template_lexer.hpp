// SPDX-License-Identifier: MIT
// The lexer of chat templates: splits the source into text and symbols, with Jinja's options
// trim_blocks and lstrip_blocks, which Hugging Face's transformers sets.
//
//   detail::text::lex_template("{% if x %}a{% endif %}");  // block_begin, name "if", name "x", block_end, text "a", ...
#pragma once

#include <heed/text/chat/template_value.hpp>  // refuse_template

#include <array>    // array
#include <cstdlib>  // strtoll, strtod

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct template_token {
  enum kind {
    text,
    block_begin,
    block_end,
    output_begin,
    output_end,
    name,
    string,
    number,
    symbol,
    end
  };
  kind type;
  std::string words;
};

class template_lexer {
 public:
  explicit template_lexer(std::string_view source) : source_(source) {
    if (!source_.empty() && source_.back() == '\n') source_.remove_suffix(1);
  }

  std::vector<template_token> run() {
    while (at_ < source_.size()) {
      const std::size_t tag = next_tag();
      std::string_view words = source_.substr(at_, tag - at_);
      at_ = tag;
      if (tag == source_.size()) {
        put(template_token::text, words);
        break;
      }
      const char kind = source_[tag + 1];
      const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
      if (sign == '-')
        words = without_spaces_behind(words, " \t\r\n\v\f");
      else if (kind != '{' && sign != '+')
        words = without_indent(words);
      put(template_token::text, words);
      at_ += 2;
      if (sign == '-' || (sign == '+' && kind != '{')) ++at_;
      if (kind == '#')
        skip_comment();
      else
        inside(kind == '%');
    }
    tokens_.push_back({template_token::end, ""});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] std::size_t next_tag() const {
    for (std::size_t i = at_; i + 1 < source_.size(); ++i)
      if (source_[i] == '{' &&
          (source_[i + 1] == '{' || source_[i + 1] == '%' || source_[i + 1] == '#'))
        return i;
    return source_.size();
  }

  void put(template_token::kind type, std::string_view words) {
    if (type != template_token::text || !words.empty())
      tokens_.push_back({type, std::string(words)});
  }

  static std::string_view without_spaces_behind(std::string_view words, const char* spaces) {
    const std::size_t last = words.find_last_not_of(spaces);
    return words.substr(0, last == words.npos ? 0 : last + 1);
  }
  // Removes the blanks between the beginning of a line and a tag (lstrip_blocks).
  [[nodiscard]] std::string_view without_indent(std::string_view words) const {
    const std::string_view left = without_spaces_behind(words, " \t");
    const bool whole_line = left.empty() ? line_begins(at_ - words.size()) : left.back() == '\n';
    return whole_line ? left : words;
  }
  [[nodiscard]] bool line_begins(std::size_t place) const {
    return place == 0 || source_[place - 1] == '\n';
  }

  void skip_comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == source_.npos) refuse_template("a comment has no end");
    const bool strip = end > at_ && source_[end - 1] == '-';
    at_ = end + 2;
    behind_tag(strip, true);
  }
  void behind_tag(bool strip, bool trim) {
    if (strip)
      at_ = (std::min)(source_.find_first_not_of(" \t\r\n\v\f", at_), source_.size());
    else if (trim && at_ < source_.size() && source_[at_] == '\n')
      ++at_;
  }

  void inside(bool block) {
    put(block ? template_token::block_begin : template_token::output_begin, "");
    const std::string_view close = block ? "%}" : "}}";
    int open = 0;  // brackets; }} may close two dictionaries
    while (true) {
      at_ = source_.find_first_not_of(" \t\r\n", at_);
      if (at_ == source_.npos) refuse_template("a tag has no end");
      const std::string_view rest = source_.substr(at_);
      const bool signed_end = (rest[0] == '-' || rest[0] == '+') && rest.substr(1, 2) == close;
      if ((open == 0 && rest.substr(0, 2) == close) || signed_end) {
        at_ += signed_end ? 3 : 2;
        put(block ? template_token::block_end : template_token::output_end, "");
        return behind_tag(signed_end && rest[0] == '-', block && !signed_end);
      }
      const char c = rest[0];
      if (c == '\'' || c == '"')
        quoted(c);
      else if (is_letter(c))
        take(template_token::name, [](char x) { return is_letter(x) || is_digit(x); });
      else if (is_digit(c))
        take(template_token::number, [](char x) { return is_digit(x) || x == '_'; });
      else
        open += symbol(rest);
    }
  }

  static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  template <class Belongs>
  void take(template_token::kind type, Belongs belongs) {
    const std::size_t first = at_;
    while (at_ < source_.size() && belongs(source_[at_])) ++at_;
    if (type == template_token::number && at_ + 1 < source_.size() && source_[at_] == '.' &&
        is_digit(source_[at_ + 1])) {
      ++at_;
      while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
    }
    put(type, source_.substr(first, at_ - first));
  }

  // 1 for a symbol that opens a bracket, -1 for one that closes it.
  int symbol(std::string_view rest) {
    constexpr std::array<std::string_view, 6> pairs{"==", "!=", "<=", ">=", "//", "**"};
    for (const std::string_view s : pairs)
      if (rest.substr(0, 2) == s) {
        put(template_token::symbol, s);
        at_ += 2;
        return 0;
      }
    constexpr std::string_view singles = "()[]{}.,:|~+-*/%<>=";
    if (singles.find(rest[0]) == singles.npos)
      refuse_template("it holds the byte ", std::string(1, rest[0]), " inside a tag");
    put(template_token::symbol, rest.substr(0, 1));
    ++at_;
    return std::string_view("([{").find(rest[0]) != std::string_view::npos   ? 1
           : std::string_view(")]}").find(rest[0]) != std::string_view::npos ? -1
                                                                             : 0;
  }

  void quoted(char quote) {
    std::string words;
    for (++at_;; ++at_) {
      if (at_ >= source_.size()) refuse_template("a quoted text has no end");
      char c = source_[at_];
      if (c == quote) break;
      if (c == '\\' && at_ + 1 < source_.size()) {
        c = source_[++at_];
        constexpr std::string_view names = "nrtbfva0", meanings("\n\r\t\b\f\v\a\0", 8);
        if (c == 'u' || c == 'x') {
          const std::size_t digits = c == 'u' ? 4 : 2;
          char32_t code = 0;
          for (std::size_t i = 0; i < digits; ++i) {
            const std::size_t d =
                at_ + 1 < source_.size()
                    ? std::string_view("0123456789abcdefABCDEF").find(source_[++at_])
                    : std::string_view::npos;
            if (d == std::string_view::npos)
              refuse_template("a quoted text has a wrong \\u or \\x");
            code = code * 16 + static_cast<char32_t>(d < 16 ? d : d - 6);
          }
          append_char(words, code);
          continue;
        }
        if (const std::size_t i = names.find(c); i != names.npos)
          c = meanings[i];
        else if (c != '\\' && c != '\'' && c != '"')
          words += '\\';
      }
      words += c;
    }
    ++at_;
    tokens_.push_back({template_token::string, std::move(words)});
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::vector<template_token> tokens_;
};

inline std::vector<template_token> lex_template(std::string_view source) {
  return template_lexer(source).run();
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
