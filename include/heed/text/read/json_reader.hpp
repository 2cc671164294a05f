// SPDX-License-Identifier: MIT
// Parses JSON text to values, at most 64 levels deep.
//
//   detail::text::parse_json(R"({"shape": [2, 3]})");  // an object with the member shape
#pragma once

#include <heed/io/json_events.hpp>        // json_events
#include <heed/text/read/json_value.hpp>  // json

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Makes values of the parser's events. A derived reader handles the events of large parts itself, so that a
// vocabulary of a million tokens does not become a million values.
class json_reader : public nlohmann::json_sax<nlohmann::ordered_json> {
 public:
  bool null() override { return put({}); }
  bool boolean(bool value) override { return put(json(value)); }
  bool number_integer(number_integer_t value) override {
    return put(json(static_cast<double>(value)));
  }
  bool number_unsigned(number_unsigned_t value) override { return put(json(value)); }
  bool number_float(number_float_t value, const string_t&) override { return put(json(value)); }
  bool string(string_t& value) override { return put(json(std::move(value))); }
  bool binary(binary_t&) override { return false; }  // JSON has none
  bool start_object(std::size_t) override { return open(json::members()); }
  bool start_array(std::size_t) override { return open(json::list()); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t place, const std::string&,
                   const nlohmann::detail::exception&) override {
    return fail("it is no JSON at byte " + std::to_string(place));
  }

  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] json take() { return std::move(root_); }

 protected:
  bool fail(std::string sentence) {
    if (error_.empty()) error_ = std::move(sentence);
    return false;
  }
  [[nodiscard]] std::size_t depth() const { return open_.size(); }
  [[nodiscard]] const std::string& last_key() const { return key_; }

 private:
  static constexpr std::size_t deepest = 64;

  json* place(json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (auto* list = open_.back()->as<json::array>()) return &list->emplace_back(std::move(value));
    return &open_.back()->as<json::object>()->emplace_back(key_, std::move(value)).second;
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
  std::vector<json*> open_;  // a value does not move while it is open: its neighbours are closed
  std::string key_;
  std::string error_;
};

// Throws tokenizer_error if the text is not JSON.
inline void read_json(std::string_view text, json_reader& reader) {
  using events = nlohmann::json_sax<nlohmann::ordered_json>;  // not one more parser for each reader
  const bool done = json_events(text, static_cast<events&>(reader));
  require<tokenizer_error>(done, reader.error());
}

inline json parse_json(std::string_view text) {
  json_reader reader;
  read_json(text, reader);
  return reader.take();
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
