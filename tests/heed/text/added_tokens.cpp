// SPDX-License-Identifier: MIT
#include <heed/text/added_tokens.hpp>

#include <gtest/gtest.h>

namespace {

namespace text = heed::detail::text;

// The parts of a text: {7} is the token 7, and text is text.
std::string shown(const text::added_tokens& tokens, const std::string& t,
                  const text::spoken_ranges& spoken = {}) {
  std::vector<text::token_part> parts;
  tokens.find_in_text(t, spoken, parts);
  std::string made;
  for (const text::token_part& p : parts)
    made += p.token != nullptr ? "{" + std::to_string(p.token->id) + "}"
                               : "(" + t.substr(p.range.begin, p.range.end - p.range.begin) + ")";
  return made;
}

TEST(AddedTokens, TheLeftmostAndThereTheLongest) {
  text::added_tokens tokens;
  tokens.insert({.text = "<a>", .id = 1});
  tokens.insert({.text = "<a><b>", .id = 2});
  EXPECT_EQ(shown(tokens, "x<a><b><a>y"), "(x){2}{1}(y)");
  EXPECT_EQ(shown(tokens, "<a><c>"), "{1}(<c>)");
  EXPECT_EQ(shown(tokens, ""), "");
}

TEST(AddedTokens, TakeSpacesWithThemOnlyWhereTheySaySo) {
  text::added_tokens tokens;
  tokens.insert({.text = "<l>", .id = 1, .strip_left = true});
  tokens.insert({.text = "<r>", .id = 2, .strip_right = true});
  EXPECT_EQ(shown(tokens, "a \n<l> b"), "(a){1}( b)");
  EXPECT_EQ(shown(tokens, "a <r> \u3000b"), "(a ){2}(b)");
  EXPECT_EQ(shown(tokens, "<r>  <l>"), "{2}{1}");
}

TEST(AddedTokens, SingleWords) {
  text::added_tokens tokens;
  tokens.insert({.text = "in", .id = 1, .single_word = true});
  EXPECT_EQ(shown(tokens, "in inner \u00E9in, in"), "{1}( inner \u00E9in, ){1}");
}

TEST(AddedTokens, WhatIsSpokenHoldsNoControlToken) {
  text::added_tokens tokens;
  tokens.insert({.text = "<s>", .id = 1, .special = true});
  tokens.insert({.text = "\n\n", .id = 2});
  EXPECT_EQ(shown(tokens, "<s>\n\n<s>", {{3, 8}}), "{1}{2}(<s>)");
  // A token that is half the template's and half a stranger's is no token.
  EXPECT_EQ(shown(tokens, "<s>", {{1, 2}}), "(<s>)");
  EXPECT_EQ(shown(tokens, "<s>", {{0, 0}, {3, 3}}), "{1}");
}

TEST(AddedTokens, AreFoundByIdAndText) {
  text::added_tokens tokens;
  tokens.insert({.text = "<s>", .id = 9, .special = true});
  EXPECT_EQ(tokens.find(9)->text, "<s>");
  EXPECT_EQ(tokens.find("<s>")->id, 9u);
  EXPECT_EQ(tokens.find(8), nullptr);
  EXPECT_TRUE(tokens.specials().contains(9));
}

}  // namespace
