// SPDX-License-Identifier: MIT
#include <heed/io/json_events.hpp>

#include <gtest/gtest.h>

#include <string>

namespace heed::detail {
namespace {

// Writes down what it is called with; returns false for the text `last`.
struct recorder {
  std::string last = {}, seen = {};

  bool null() { return add("null"); }
  bool boolean(bool b) { return add(b ? "true" : "false"); }
  bool number_integer(std::int64_t n) { return add("integer " + std::to_string(n)); }
  bool number_unsigned(std::uint64_t n) { return add("unsigned " + std::to_string(n)); }
  bool number_float(double, const std::string& text) { return add("float " + text); }
  bool string(std::string& text) {
    add("text " + text);
    return text != last;
  }
  template <class Binary>
  bool binary(Binary&) {
    return add("binary");
  }
  bool start_object(std::size_t) { return add("{"); }
  bool key(std::string& name) { return add("key " + name); }
  bool end_object() { return add("}"); }
  bool start_array(std::size_t) { return add("["); }
  bool end_array() { return add("]"); }
  template <class Error>
  bool parse_error(std::size_t place, const std::string&, const Error&) {
    add("error at " + std::to_string(place));
    return false;
  }

 private:
  bool add(const std::string& what) {
    seen += what + "; ";
    return true;
  }
};

TEST(json_events, are_called_in_the_order_of_the_text) {
  recorder reader;
  EXPECT_TRUE(json_events(R"({"a": [1, -2, 0.5, null, true], "b": {"c": "d"}})", reader));
  EXPECT_EQ(reader.seen,
            "{; key a; [; unsigned 1; integer -2; float 0.5; null; true; ]; key b; {; key c; text "
            "d; }; }; ");
}

TEST(json_events, end_where_the_reader_says_no) {
  recorder reader{.last = "stop"};
  EXPECT_FALSE(json_events(R"(["go", "stop", "more"])", reader));
  EXPECT_EQ(reader.seen, "[; text go; text stop; ");
}

TEST(json_events, are_of_the_whole_text) {
  recorder reader;
  EXPECT_FALSE(json_events("[1] 2", reader));
  EXPECT_EQ(reader.seen, "[; unsigned 1; ]; error at 5; ");
}

}  // namespace
}  // namespace heed::detail
