// SPDX-License-Identifier: MIT
// Members of a JSON file by name, with an error message where a member is not what it must be.
//
//   const detail::text::json config = detail::text::parse_json(R"({"bos_token": "<s>"})");
//   detail::text::text_member(config, "bos_token");  // "<s>"
#pragma once

#include <heed/text/tokenizer_error.hpp>  // tokenizer_error, refuse

#include <cstdint>  // uint32_t, uint64_t
#include <string>   // string
#include <utility>  // pair
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class json {
 public:
  using array = std::vector<json>;
  using object = std::vector<std::pair<std::string, json>>;  // in the file's order

  json() = default;
  explicit json(bool value) : kind_(flag), flag_(value) {}
  explicit json(std::uint64_t value) : kind_(whole), whole_(value) {}
  explicit json(double value) : kind_(real), real_(value) {}
  explicit json(std::string value) : kind_(words), words_(std::move(value)) {}
  static json list() {
    json made;
    made.kind_ = items;
    return made;
  }
  static json members() {
    json made;
    made.kind_ = named;
    return made;
  }

  // Null if the value is of another kind: bool, std::uint64_t (a whole number that is not negative),
  // double (another number), std::string, array, object.
  template <class Kind>
  [[nodiscard]] const Kind* as() const {
    return const_cast<json*>(this)->as<Kind>();
  }
  template <class Kind>
  [[nodiscard]] Kind* as() {
    if constexpr (std::is_same_v<Kind, bool>) return kind_ == flag ? &flag_ : nullptr;
    if constexpr (std::is_same_v<Kind, std::uint64_t>) return kind_ == whole ? &whole_ : nullptr;
    if constexpr (std::is_same_v<Kind, double>) return kind_ == real ? &real_ : nullptr;
    if constexpr (std::is_same_v<Kind, std::string>) return kind_ == words ? &words_ : nullptr;
    if constexpr (std::is_same_v<Kind, array>) return kind_ == items ? &items_ : nullptr;
    if constexpr (std::is_same_v<Kind, object>) return kind_ == named ? &named_ : nullptr;
  }
  [[nodiscard]] bool is_null() const { return kind_ == null; }
  [[nodiscard]] bool is(std::string_view text) const { return kind_ == words && words_ == text; }

 private:
  enum kinds : unsigned char { null, flag, whole, real, words, items, named };
  kinds kind_ = null;
  bool flag_ = false;
  std::uint64_t whole_ = 0;
  double real_ = 0;
  std::string words_;
  array items_;
  object named_;
};

// The member of this name; null if there is none or `value` is not an object; the last if there are several.
inline const json& member(const json& value, std::string_view name) {
  static const json nothing;
  const json* found = &nothing;
  if (const auto* members = value.as<json::object>())
    for (const auto& [key, m] : *members)
      if (key == name) found = &m;
  return *found;
}

[[noreturn]] HEED_ONE_COPY inline void refuse_member(const char* name, const char* expected,
                                                     const json& found) {
  const auto* text = found.as<std::string>();
  const auto* whole = found.as<std::uint64_t>();
  const std::string is = text != nullptr                      ? '"' + text->substr(0, 60) + '"'
                         : whole != nullptr                   ? std::to_string(*whole)
                         : found.as<double>() != nullptr      ? std::to_string(*found.as<double>())
                         : found.as<bool>() != nullptr        ? *found.as<bool>() ? "true" : "false"
                         : found.as<json::array>() != nullptr ? "a list"
                         : found.as<json::object>() != nullptr ? "an object"
                                                               : "missing";
  refuse<tokenizer_error>(std::string(name) + " is " + is + ", where " + expected + " is expected");
}

inline const std::string& text_of(const json& value, const char* name) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) refuse_member(name, "text", value);
  return *text;
}
inline std::string text_member(const json& value, const char* name) {
  return text_of(member(value, name), name);
}
// `other` where the member is null or missing.
inline std::string text_member(const json& value, const char* name, const char* other) {
  const json& m = member(value, name);
  return m.is_null() ? other : text_of(m, name);
}
inline bool flag_member(const json& value, const char* name, bool other) {
  const json& m = member(value, name);
  if (m.is_null()) return other;
  if (m.as<bool>() == nullptr) refuse_member(name, "true or false", m);
  return *m.as<bool>();
}
inline std::uint32_t count_of(const json& value, const char* name) {
  const auto* number = value.as<std::uint64_t>();
  if (number == nullptr || *number >= 0xFFFFFFFFU)
    refuse_member(name, "a whole number below 2^32 - 1", value);
  return static_cast<std::uint32_t>(*number);
}
inline std::uint32_t count_member(const json& value, const char* name, std::uint32_t other) {
  const json& m = member(value, name);
  return m.is_null() ? other : count_of(m, name);
}
inline const json::array& list_member(const json& value, const char* name) {
  const json& m = member(value, name);
  if (m.as<json::array>() == nullptr) refuse_member(name, "a list", m);
  return *m.as<json::array>();
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
