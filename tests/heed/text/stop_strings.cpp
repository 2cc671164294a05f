// SPDX-License-Identifier: MIT
// Texts that end at a string, cut into pieces in every way.
#include "support/refusal.hpp"

#include <heed/text/stop_strings.hpp>

#include <gtest/gtest.h>

namespace {

using strings = std::vector<std::string>;

TEST(stop_strings, hold_back_what_may_be_a_beginning) {
  heed::stop_strings stop({"\nUser:", "###"});
  EXPECT_EQ(stop.push("Paris.\nUs"), "Paris.");
  EXPECT_EQ(stop.push("ing #"), "\nUsing ");
  EXPECT_EQ(stop.push("1"), "#1");
  EXPECT_EQ(stop.push("\nUser: and ###"), "");
  EXPECT_TRUE(stop.found());
  EXPECT_EQ(stop.push("more"), "");
  EXPECT_EQ(stop.finish(), "");
}

TEST(stop_strings, give_everything_where_none_comes) {
  heed::stop_strings stop({"aab"});
  EXPECT_EQ(stop.push("aaa"), "a");  // "aa" may be a beginning, "aaa" is none
  EXPECT_EQ(stop.finish(), "aa");
  EXPECT_FALSE(stop.found());
  heed::stop_strings none(strings{});
  EXPECT_EQ(none.push("text"), "text");
}

// The text before the string that is complete first.
std::string before(const std::string& text, const strings& stops) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    std::size_t longest = 0;
    for (const std::string& some : stops)
      if (text.substr(0, end).ends_with(some)) longest = std::max(longest, some.size());
    if (longest > 0) return text.substr(0, end - longest);
  }
  return text;
}

TEST(stop_strings, do_not_depend_on_the_pieces) {
  for (const strings& stops : {strings{"abab", "bb", "c"}, strings{"abcd", "c"},
                               strings{"bc", "abc"}, strings{"a"}, strings{}})
    for (const std::string text : {"aabababb", "abaabbab", "aaaa", "abac", "babcdb", "c", ""}) {
      const std::string want = before(text, stops);
      for (std::size_t i = 0; i <= text.size(); ++i)
        for (std::size_t j = i; j <= text.size(); ++j) {
          heed::stop_strings stop(stops);
          std::string shown = stop.push(text.substr(0, i));
          shown += stop.push(text.substr(i, j - i));
          shown += stop.push(text.substr(j));
          shown += stop.finish();
          ASSERT_EQ(shown, want) << text << ' ' << i << ' ' << j;
          ASSERT_EQ(stop.found(), want.size() < text.size());
        }
    }
}

TEST(stop_strings, refuse_an_empty_one) {
  EXPECT_EQ(support::refusal([] {
              heed::stop_strings({"a", ""});
            }),
            "heed::stop_strings: one of 2 strings is empty");
}

}  // namespace
