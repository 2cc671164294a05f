// SPDX-License-Identifier: MIT
// JSON (RFC 8259), read into values; text that is not JSON is refused with the place where it ends.
//
//   const support::json j = support::json::parse(R"({"shape": [2, 3]})");
//   j["shape"][1].integer();  // 3
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace support {

class json {
 public:
  using array = std::vector<json>;
  using object = std::map<std::string, json, std::less<>>;

  json() = default;
  json(bool value) : value_(value) {}
  json(double value) : value_(value) {}
  json(std::string value) : value_(std::move(value)) {}
  json(array value) : value_(std::move(value)) {}
  json(object value) : value_(std::move(value)) {}

  static json parse(std::string_view text);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const std::string& text() const { return get<std::string>("a string"); }
  [[nodiscard]] double number() const { return get<double>("a number"); }
  [[nodiscard]] const array& items() const { return get<array>("an array"); }
  [[nodiscard]] const object& members() const { return get<object>("an object"); }

  // A whole number that a double holds exactly.
  [[nodiscard]] std::int64_t integer() const {
    const double n = number();
    constexpr double largest = 9007199254740992.0;  // 2^53
    if (!(std::abs(n) <= largest) || std::floor(n) < n)
      throw std::runtime_error("json: " + std::to_string(n) + " is no whole number");
    return static_cast<std::int64_t>(n);
  }

  [[nodiscard]] bool contains(std::string_view name) const {
    return members().find(name) != members().end();
  }
  const json& operator[](std::string_view name) const {
    const auto found = members().find(name);
    if (found == members().end())
      throw std::runtime_error("json: no member \"" + std::string(name) + '"');
    return found->second;
  }
  const json& operator[](std::size_t place) const { return items().at(place); }

 private:
  class parser;

  template <class T>
  const T& get(const char* what) const {
    if (const T* value = std::get_if<T>(&value_)) return *value;
    throw std::runtime_error(std::string("json: not ") + what);
  }

  std::variant<std::monostate, bool, double, std::string, array, object> value_;
};

class json::parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  json document() {
    json value = any(0);
    skip_space();
    if (at_ != text_.size()) fail("more text after the value");
    return value;
  }

 private:
  static constexpr int deepest = 64;

  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error("json: " + why + " at byte " + std::to_string(at_));
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  bool take(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("no '") + c + "'");
  }
  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  json any(int depth) {
    if (depth > deepest) fail("nested too deep");
    if (take('{')) return members(depth);
    if (take('[')) return items(depth);
    if (take('"')) return string();
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    if (take_word("null")) return {};
    return number();
  }

  json members(int depth) {
    object read;
    if (take('}')) return read;
    do {
      expect('"');
      std::string name = string();
      expect(':');
      if (!read.emplace(std::move(name), any(depth + 1)).second) fail("a name twice in an object");
    } while (take(','));
    expect('}');
    return read;
  }

  json items(int depth) {
    array read;
    if (take(']')) return read;
    do read.push_back(any(depth + 1));
    while (take(','));
    expect(']');
    return read;
  }

  json number() {
    const std::size_t last =
        std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size());
    const std::string digits(text_.substr(at_, last - at_));
    char* end = nullptr;
    const double value = std::strtod(digits.c_str(), &end);
    if (digits.empty() || end != digits.c_str() + digits.size()) fail("no value");
    at_ = last;
    return value;
  }

  std::string string() {  // after the opening quote
    std::string read;
    while (true) {
      if (at_ >= text_.size()) fail("a string without an end");
      const char c = text_[at_++];
      if (c == '"') return read;
      if (c != '\\')
        read += c;
      else
        escape(read);
    }
  }

  void escape(std::string& to) {
    constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    ++at_;
    if (c == 'u')
      append_utf8(to, code_point());
    else if (const auto place = names.find(c); c != '\0' && place != names.npos)
      to += meanings[place];
    else
      fail("an unknown escape");
  }

  std::uint32_t four_digits() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      constexpr std::string_view digits = "0123456789abcdefABCDEF";
      const auto place = digits.find(peek());
      if (peek() == '\0' || place == digits.npos) fail("no hexadecimal digit");
      value = value * 16 + static_cast<std::uint32_t>(place < 16 ? place : place - 6);
    }
    return value;
  }

  // What \u names: one unit of UTF-16, or two that are a pair.
  std::uint32_t code_point() {
    const std::uint32_t high = four_digits();
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || !take_word("\\u")) fail("half a surrogate pair");
    const std::uint32_t low = four_digits();
    if (low < 0xDC00 || low > 0xDFFF) fail("half a surrogate pair");
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  }

  static void append_utf8(std::string& to, std::uint32_t c) {
    const auto byte = [&](std::uint32_t bits) { to += static_cast<char>(bits); };
    const auto tail = [&](int shift) { byte(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) return byte(0xC0 | (c >> 6)), tail(0);
    if (c < 0x10000) return byte(0xE0 | (c >> 12)), tail(6), tail(0);
    byte(0xF0 | (c >> 18)), tail(12), tail(6), tail(0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

inline json json::parse(std::string_view text) { return parser(text).document(); }

}  // namespace support
