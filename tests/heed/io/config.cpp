// SPDX-License-Identifier: MIT
#include <heed/io/config.hpp>

#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

using list = config_value::list;
using object = config_value::object;

// Fields of every kind, sorted by name as a reader would hand them over.
config some() {
  return {"config.json",
          {{"flag", {true}},
           {"flags", {list{{true}, {false}}}},
           {"huge", {~std::uint64_t(0)}},
           {"layers", {std::int64_t(12)}},
           {"mixed", {list{{std::int64_t(1)}, {2.5}, {std::string("three")}}}},
           {"none", {}},
           {"rope",
            {object{{"factor", {std::string("two")}},
                    {"inner", {object{{"deep", {std::int64_t(1)}}, {"left", {}}}}},
                    {"theta", {1e4}}}}},
           {"sizes", {list{{std::int64_t(1)}, {std::int64_t(2)}}}},
           {"text", {std::string("llama")}},
           {"whole", {2048.0}},
           {"zero", {std::int64_t(0)}}}};
}
template <class Ask>
std::string refusal(Ask ask) {
  return support::refusal<file_error>([&] { ask(some()); });
}

TEST(Config, TellsNullFromMissing) {
  const config c = some();
  EXPECT_TRUE(c.null("none"));
  EXPECT_FALSE(c.null("nowhere"));
  EXPECT_FALSE(c.null("layers"));
  EXPECT_FALSE(c.contains("none"));
}

TEST(Config, ReadsEveryKind) {
  const config c = some();
  EXPECT_TRUE(c.flag("flag"));
  EXPECT_EQ(c.integer("layers"), 12);
  EXPECT_EQ(c.count("layers"), 12);
  EXPECT_EQ(c.number("layers"), 12);
  EXPECT_EQ(c.integer("whole"), 2048);
  EXPECT_EQ(c.number("huge"), 18446744073709551616.0);
  EXPECT_EQ(c.text("text"), "llama");
  EXPECT_EQ(c.flags("flags"), (std::vector<bool>{true, false}));
  EXPECT_EQ(c.integers("sizes"), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(c.numbers("sizes"), (std::vector<double>{1, 2}));
  EXPECT_EQ(c.object("rope").number("theta"), 10000);
  EXPECT_EQ(c.object("rope").object("inner").integer("deep"), 1);
  EXPECT_TRUE(c.contains("zero"));
  EXPECT_EQ(std::get<double>(c.value("whole").is), 2048);
}

TEST(Config, MissingAndNullFieldsHaveDefaults) {
  const config c = some();
  for (const char* name : {"none", "missing"}) {
    EXPECT_FALSE(c.contains(name));
    EXPECT_TRUE(c.flag(name, true));
    EXPECT_EQ(c.integer(name, -3), -3);
    EXPECT_EQ(c.count(name, 7), 7);
    EXPECT_EQ(c.number(name, 0.5), 0.5);
    EXPECT_EQ(c.text(name, "gelu"), "gelu");
    EXPECT_TRUE(c.texts(name).empty());
    EXPECT_TRUE(c.object(name).names().empty());
    EXPECT_EQ(c.object(name).integer("factor", 2), 2);
  }
}

TEST(Config, RefusesInWords) {
  EXPECT_EQ(refusal([](const config& c) { (void)c.integer("missing"); }),
            "config.json: missing is missing; expected a whole number");
  EXPECT_EQ(refusal([](const config& c) { (void)c.integer("none"); }),
            "config.json: none is missing; expected a whole number");
  EXPECT_EQ(refusal([](const config& c) { (void)c.value("none"); }),
            "config.json: none is missing; expected a value");
  EXPECT_EQ(refusal([](const config& c) { (void)c.integer("text", 1); }),
            "config.json: text: expected a whole number, found \"llama\"");
  EXPECT_EQ(refusal([](const config& c) { (void)c.integer("huge"); }),
            "config.json: huge: expected a whole number, found 18446744073709551615");
  EXPECT_EQ(refusal([](const config& c) { (void)c.text("layers"); }),
            "config.json: layers: expected a text, found 12");
  EXPECT_EQ(refusal([](const config& c) { (void)c.flag("rope"); }),
            "config.json: rope: expected true or false, found an object");
  EXPECT_EQ(refusal([](const config& c) { (void)c.number("sizes"); }),
            "config.json: sizes: expected a number, found a list of 2");
  EXPECT_EQ(refusal([](const config& c) { (void)c.count("zero"); }),
            "config.json: zero: expected a whole number from 1 to 2147483647, found 0");
  EXPECT_EQ(refusal([](const config& c) { (void)c.object("rope").number("factor"); }),
            "config.json: rope.factor: expected a number, found \"two\"");
  EXPECT_EQ(refusal([](const config& c) { (void)c.object("rope").number("low_freq_factor"); }),
            "config.json: rope.low_freq_factor is missing; expected a number");
  EXPECT_EQ(refusal([](const config& c) { (void)c.object("layers"); }),
            "config.json: layers: expected an object, found 12");
  EXPECT_EQ(refusal([](const config& c) { (void)c.numbers("mixed"); }),
            "config.json: mixed[2]: expected a number, found \"three\"");
  EXPECT_EQ(refusal([](const config& c) { (void)c.texts("text"); }),
            "config.json: text: expected a list, found \"llama\"");
  EXPECT_EQ(refusal([](const config& c) { c.object("rope").refuse("factor", "1 to 8"); }),
            "config.json: rope.factor: expected 1 to 8, found \"two\"");
}

TEST(Config, RefusesNumbersThatAreNotWhole) {
  for (const double odd : {2048.5, 1e300, -1e16, std::numeric_limits<double>::quiet_NaN()}) {
    const config c("c", {{"x", {odd}}});
    EXPECT_THROW((void)c.integer("x"), file_error) << odd;
  }
  EXPECT_EQ(config("c", {{"x", {-9007199254740992.0}}}).integer("x"), -9007199254740992);
}

TEST(Config, KnowsWhatNobodyAskedFor) {
  const config c = some();
  for (const char* name : {"flag", "flags", "huge", "layers", "mixed", "sizes", "text", "zero"})
    (void)c.find(name);
  EXPECT_EQ(c.unread(), (std::vector<std::string>{"none", "rope", "whole"}));
  (void)c.object("rope").number("theta");
  (void)c.number("whole", 0);
  (void)c.contains("none");
  EXPECT_EQ(c.unread(), (std::vector<std::string>{"rope.factor", "rope.inner"}));
  const config copy = c;
  (void)copy.object("rope").object("inner").integer("deep");
  EXPECT_EQ(c.unread(), (std::vector<std::string>{"rope.factor", "rope.inner.left"}));
}

TEST(Config, ObjectsWithinLiveAsLongAsTheyAreUsed) {
  const config inner = some().object("rope").object("inner");
  EXPECT_EQ(inner.integer("deep"), 1);
  EXPECT_EQ(inner.names(), (std::vector<std::string>{"rope.inner.deep", "rope.inner.left"}));
}

TEST(Config, ShowsNoTerminalCodesAndNoLongTexts) {
  const config c("c", {{"x", {std::string("\x1b[2J") + std::string(500, 'a')}}});
  const std::string sentence = support::refusal<file_error>([&] { (void)c.integer("x"); });
  EXPECT_EQ(sentence.find('\x1b'), sentence.npos);
  EXPECT_LT(sentence.size(), 160u);
}

}  // namespace
}  // namespace heed
