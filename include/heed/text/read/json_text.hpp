// SPDX-License-Identifier: MIT
// JSON files: members by name, with a sentence where they are not what they should be.
//
//   const detail::text::json config = detail::text::parse_json(text);
//   detail::text::text_member(config, "bos_token", "<s>");
#pragma once

#include <heed/text/tokenizer_error.hpp>  // tokenizer_error, require

#include <cstddef>            // size_t
#include <cstdint>            // int64_t, uint64_t
#include <nlohmann/json.hpp>  // json, sax_parse
#include <string>             // string
#include <string_view>        // string_view
#include <vector>             // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

using json = nlohmann::json;

// Makes values of what the parser reads. Derived readers take parts of the file for themselves, so
// that a vocabulary of a million tokens does not become a million values.
class json_reader {
 public:
  using number_integer_t = json::number_integer_t;
  using number_unsigned_t = json::number_unsigned_t;
  using number_float_t = json::number_float_t;
  using string_t = json::string_t;
  using binary_t = json::binary_t;

  bool null() { return put(json()); }
  bool boolean(bool value) { return put(json(value)); }
  bool number_integer(number_integer_t value) { return put(json(value)); }
  bool number_unsigned(number_unsigned_t value) { return put(json(value)); }
  bool number_float(number_float_t value, const string_t&) { return put(json(value)); }
  bool string(string_t& value) { return put(json(std::move(value))); }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool key(string_t& name) {
    key_ = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t place, const std::string&, const nlohmann::detail::exception&) {
    if (error_.empty()) error_ = "it is no JSON at byte " + std::to_string(place);
    return false;
  }

  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] json take() { return std::move(root_); }

 protected:
  static constexpr std::size_t deepest = 64;

  bool fail(std::string sentence) {
    error_ = std::move(sentence);
    return false;
  }
  [[nodiscard]] std::size_t depth() const { return open_.size(); }
  [[nodiscard]] const std::string& last_key() const { return key_; }

 private:
  json* place(json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }
  bool put(json value) {
    place(std::move(value));
    return true;
  }
  bool open(json value) {
    if (open_.size() == deepest) return fail("it is nested deeper than 64 levels");
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;
  std::string key_;
  std::string error_;
};

// Throws tokenizer_error for what is no JSON.
template <class Reader>
void read_json(std::string_view text, Reader& reader) {
  const bool done = json::sax_parse(text.begin(), text.end(), &reader);
  require<tokenizer_error>(done, reader.error());
}

inline json parse_json(std::string_view text) {
  json_reader reader;
  read_json(text, reader);
  return reader.take();
}

// A member, or null if there is none or this is no object.
inline const json& member(const json& object, const char* name) {
  static const json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

[[noreturn]] inline void refuse_member(const char* name, const char* expected, const json& found) {
  std::string text = found.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  refuse<tokenizer_error>(std::string(name) + " is " + text + ", which is no " + expected);
}

inline const std::string& text_of(const json& value, const char* name) {
  if (!value.is_string()) refuse_member(name, "text", value);
  return value.get_ref<const std::string&>();
}
inline std::string text_member(const json& object, const char* name) {
  return text_of(member(object, name), name);
}
// `other` where the member is null or missing.
inline std::string text_member(const json& object, const char* name, const char* other) {
  const json& m = member(object, name);
  return m.is_null() ? other : text_of(m, name);
}
inline bool flag_member(const json& object, const char* name, bool other) {
  const json& m = member(object, name);
  if (m.is_null()) return other;
  if (!m.is_boolean()) refuse_member(name, "true or false", m);
  return m.get<bool>();
}
inline std::uint32_t count_of(const json& value, const char* name) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= 0xFFFFFFFFU)
    refuse_member(name, "whole number below 2^32 - 1", value);
  return static_cast<std::uint32_t>(value.get<std::uint64_t>());
}
inline std::uint32_t count_member(const json& object, const char* name, std::uint32_t other) {
  const json& m = member(object, name);
  return m.is_null() ? other : count_of(m, name);
}
inline const json& list_member(const json& object, const char* name) {
  const json& m = member(object, name);
  if (!m.is_array()) refuse_member(name, "list", m);
  return m;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
