// SPDX-License-Identifier: MIT
#include <heed/text/scanner.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <random>

namespace {

namespace text = heed::detail::text;

std::vector<std::string> parts(text::scanner scan, const std::string& t) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < t.size();) {
    const std::size_t end = scan(t, at);
    if (end == at) {
      at += text::char_at(t, at).length;
      continue;
    }
    found.push_back(t.substr(at, end - at));
    at = end;
  }
  return found;
}

using list = std::vector<std::string>;

TEST(Scanner, CutsByHandWhatThePatternsSay) {
  EXPECT_EQ(parts(text::scan_gpt2, "I'm 12  years\n old'S"),
            (list{"I", "'m", " 12", " ", " years", "\n", " old", "'", "S"}));
  EXPECT_EQ(parts(text::scan_gpt4<3>, "I'M 1234(x)\r\n  \n end  "),
            (list{"I", "'M", " ", "123", "4", "(x", ")\r\n", "  \n", " end", "  "}));
  EXPECT_EQ(parts(text::scan_gpt4<1>, "12"), (list{"1", "2"}));
  EXPECT_EQ(parts(text::scan_o200k, "HelloWorld's ABC/\n"),
            (list{"Hello", "World's", " ABC", "/\n"}));
  EXPECT_EQ(parts(text::scan_tekken, "HelloWorld's 12"),
            (list{"Hello", "World", "'s", " ", "1", "2"}));
  EXPECT_EQ(parts(text::scan_deepseek, "a.b !!\n"), (list{"a", ".b", " !!\n"}));
  EXPECT_EQ(parts(text::scan_clip, "it's 12!"), (list{"it", "'s", "1", "2", "!"}));
}

// A text of characters that the patterns treat differently.
std::string random_text(std::mt19937& random) {
  constexpr char32_t pool[] = {
      U' ',  U' ', U'\n', U'\r',  U'\t',  U'a',  U'b',   U'S',     U's',    U'T',  U'\'', U'\'',
      U'r',  U'e', U'l',  U'L',   U'd',   U'1',  U'2',   U'!',     U'.',    U'-',  U'<',  U'/',
      0x17F, 0xE9, 0x301, 0x4E2D, 0x3042, 0xA0,  0x3000, 0x2028,   0x1F600, 0x660, 0xBD,  0x200D,
      0x0,   0x1,  0xAB,  0x20AC, 0x903,  0x1C5, 0x2B0,  0x10FFFF, 0xE000,  0x85};
  const auto below = [&](std::size_t n) { return random() % n; };
  std::string t;
  for (std::size_t i = below(24); i > 0; --i) {
    char32_t c = pool[below(std::size(pool))];
    if (below(8) == 0) c = static_cast<char32_t>(below(0x3000));
    if (below(60) == 0) c = static_cast<char32_t>(0x10000 + below(0x100000));
    text::append_char(t, c);
  }
  return t;
}

TEST(Scanner, FindsWhatOnigurumaFinds) {
  std::mt19937 random(7);
  for (const text::known_pattern& known : text::known_patterns) {
    const text::pattern pattern(known.expression);
    for (int i = 0; i < 20000; ++i) {
      const std::string t = random_text(random);
      list theirs;
      pattern.for_each(t, [&](std::size_t begin, std::size_t end) {
        theirs.push_back(t.substr(begin, end - begin));
      });
      ASSERT_EQ(parts(known.scan, t), theirs) << known.expression << " on " << t;
    }
  }
}

TEST(Scanner, KnowsAPatternByItsText) {
  EXPECT_EQ(text::scanner_of(text::gpt2_pattern), &text::scan_gpt2);
  EXPECT_EQ(text::scanner_of("a+"), nullptr);
}

TEST(Pattern, FindsEmptyMatchesAsHuggingFaceDoes) {
  std::vector<std::size_t> found;
  text::pattern("x*").for_each("ax\u00E9", [&](std::size_t begin, std::size_t end) {
    found.push_back(begin);
    found.push_back(end);
  });
  EXPECT_EQ(found, (std::vector<std::size_t>{0, 0, 1, 2, 4, 4}));
}

TEST(Pattern, RefusesInWords) {
  EXPECT_EQ(
      support::refusal<heed::tokenizer_error>([] { text::pattern("a("); }),
      "the pattern a( is not one that Oniguruma takes: end pattern with unmatched parenthesis");
}

TEST(Pattern, GivesUpWhereBacktrackingHasNoEnd) {
  const text::pattern hostile("^(?:a|aa)+$");
  const std::string t = std::string(60, 'a') + "!";
  const std::string said = support::refusal<heed::tokenizer_error>(
      [&] { hostile.for_each(t, [](std::size_t, std::size_t) {}); });
  EXPECT_NE(said.find("gave up on a text of 61 bytes"), said.npos) << said;
}

}  // namespace
