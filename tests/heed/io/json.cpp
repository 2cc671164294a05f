// SPDX-License-Identifier: MIT
#include <heed/io/json.hpp>

#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace heed::detail {
namespace {

std::string refusal(std::string_view text) {
  return support::refusal<file_error>([&] { parse_json(text, "a.json"); });
}
// A field of an object as a T, or nothing if it is none.
template <class T>
std::optional<T> field(const config_value& object, std::string_view name) {
  const config_field* found = find_field(std::get<config_value::object>(object.is), name);
  if (found == nullptr || !std::holds_alternative<T>(found->value.is)) return std::nullopt;
  return std::get<T>(found->value.is);
}

TEST(Json, ReadsEveryKindOfValue) {
  const config_value v = parse_json(
      R"( {"z": "x\n\"\u00e9\ud83d\ude00", "i": -3, "u": 18446744073709551615, "n": null,
           "d": 2.5e2, "b": true, "l": [1, [], {}], "o": {"a": 1}} )",
      "a.json");
  EXPECT_EQ(field<std::string>(v, "z"), "x\n\"\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(field<std::int64_t>(v, "i"), -3);
  EXPECT_EQ(field<std::uint64_t>(v, "u"), ~std::uint64_t(0));
  EXPECT_TRUE(field<std::monostate>(v, "n"));
  EXPECT_EQ(field<double>(v, "d"), 250);
  EXPECT_EQ(field<bool>(v, "b"), true);
  EXPECT_EQ(field<config_value::list>(v, "l").value().size(), 3u);
  EXPECT_EQ(field<config_value::object>(v, "o").value().size(), 1u);
  EXPECT_FALSE(field<bool>(v, "none"));
}

TEST(Json, RefusesWhatIsNone) {
  for (const char* text : {"", "{", "[1", "[1,]", "{\"a\" 1}", "\"open", "\"\\x\"", "\"\\ud800\"",
                           "1 2", "tru", "-", "NaN", "\"\xFF\"", "1e999"})
    EXPECT_NE(refusal(text).find("a.json: no JSON at byte "), std::string::npos) << text;
  EXPECT_EQ(refusal("[1,]").substr(0, 25), "a.json: no JSON at byte 4");
}

TEST(Json, RefusesANameTwice) {
  EXPECT_EQ(refusal(R"({"b": 1, "a": {"x": 1, "y": 2, "x": 3}})"),
            "a.json: the name \"x\" is twice in an object");
}

TEST(Json, BoundsDepthAndNumber) {
  const auto nested = [](int depth) {
    return std::string(std::size_t(depth), '[') + std::string(std::size_t(depth), ']');
  };
  EXPECT_EQ(refusal(nested(32)), "accepted");
  EXPECT_EQ(refusal(nested(33)), "a.json: lists and objects are nested more than 32 deep");
  EXPECT_EQ(refusal(std::string(1000000, '[')),
            "a.json: lists and objects are nested more than 32 deep");
  std::string many = "[0";
  for (index i = 0; i < most_values; ++i) many += ",0";
  EXPECT_EQ(refusal(many + ']'), "a.json: more than 4194304 values");
}

TEST(Json, WritesTexts) {
  EXPECT_EQ(json_text("f", "a\"\\\n\x01ü🙂"), R"("a\"\\\n\u0001ü🙂")");
  EXPECT_EQ(json_text("f", ""), R"("")");
  for (const char* text : {"\xFF", "a\xC3", "\xED\xA0\x80", "\xC0\x80"})
    EXPECT_THROW(json_text("f", text), file_error) << text;
}

TEST(Json, ASentenceIsNoLongerThanALine) {
  EXPECT_LT(refusal('"' + std::string(100000, 'x')).size(), 160u);
}

}  // namespace
}  // namespace heed::detail
