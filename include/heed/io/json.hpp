// SPDX-License-Identifier: MIT
// JSON to values, with bounds on depth and number; text that is not JSON is refused.
//
//   const heed::config_value v = heed::detail::parse_json(R"({"shape": [2, 3]})", "a.json");
#pragma once

#include <heed/io/config_value.hpp>  // config_value, sort_fields
#include <heed/io/json_events.hpp>   // json_events, nlohmann::ordered_json

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Builds values from what nlohmann's parser meets, whose own nesting takes no stack. Refuses through
// `file`'s name.
class json_reader {
 public:
  explicit json_reader(std::string file) : file_(std::move(file)) {}

  bool null() { return put({}); }
  bool boolean(bool b) { return put({b}); }
  bool number_integer(std::int64_t n) { return put({n}); }
  bool number_unsigned(std::uint64_t n) {
    constexpr auto most = std::uint64_t((std::numeric_limits<std::int64_t>::max)());
    return n <= most ? put({static_cast<std::int64_t>(n)}) : put({n});
  }
  bool number_float(double x, const std::string&) { return put({x}); }
  bool string(std::string& text) { return put({std::move(text)}); }
  template <class Binary>
  bool binary(Binary&) {
    return false;  // JSON has none
  }
  bool start_array(std::size_t) { return open({config_value::list()}); }
  bool start_object(std::size_t) { return open({config_value::object()}); }
  bool key(std::string& name) {
    keys_.back() = std::move(name);
    return true;
  }
  bool end_array() { return close(); }
  bool end_object() {
    const config_field* twice = sort_fields(std::get<config_value::object>(open_.back().is));
    if (twice != nullptr)
      refuse_file(file_, ": the name ", quoted{twice->name}, " is twice in an object");
    return close();
  }
  template <class Error>
  [[noreturn]] bool parse_error(std::size_t place, const std::string&, const Error& error) {
    refuse_file(file_, ": no JSON at byte ", place, ": ", cut(error.what()));
  }

  config_value result() { return std::move(result_); }

 private:
  // The library's sentence without its number, and no longer than a line or two.
  static std::string cut(std::string_view sentence) {
    const auto end_of_number = sentence.find("] ");
    if (end_of_number != std::string_view::npos) sentence.remove_prefix(end_of_number + 2);
    std::string shown;
    append(shown, quoted{sentence});
    return shown;
  }

  bool open(config_value value) {
    require_file(index(open_.size()) < deepest, file_, ": lists and objects are nested more than ",
                 deepest, " deep");
    open_.push_back(std::move(value));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    config_value value = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return put(std::move(value));
  }
  bool put(config_value value) {
    require_file(++values_ <= most_values, file_, ": more than ", most_values, " values");
    if (open_.empty())
      result_ = std::move(value);
    else if (auto* list = std::get_if<config_value::list>(&open_.back().is))
      list->push_back(std::move(value));
    else
      std::get<config_value::object>(open_.back().is)
          .push_back({std::move(keys_.back()), std::move(value)});
    return true;
  }

  std::string file_;
  std::vector<config_value> open_;  // lists and objects that are not closed
  std::vector<std::string> keys_;   // the name before the value that comes next, for each of them
  index values_ = 0;
  config_value result_;
};

inline config_value parse_json(std::string_view text, const std::string& file) {
  json_reader reader(file);
  json_events(text, reader);
  return reader.result();
}

// The same for text that must be an object.
inline config_value::object parse_json_object(std::string_view text, const std::string& file) {
  config_value value = parse_json(text, file);
  auto* fields = std::get_if<config_value::object>(&value.is);
  require_file(fields != nullptr, file, ": expected a JSON object, found ", described(value));
  return std::move(*fields);
}

// A text as JSON writes it, in quotation marks. Refuses what is no UTF-8.
inline std::string json_text(const std::string& file, const std::string& text) {
  using json = nlohmann::ordered_json;
  const json value(text);
  std::string written = value.dump(-1, ' ', false, json::error_handler_t::replace);
  // Both are the same unless there was something to replace or to ignore.
  require_file(written == value.dump(-1, ' ', false, json::error_handler_t::ignore), file, ": ",
               quoted{text}, " is no UTF-8");
  return written;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
