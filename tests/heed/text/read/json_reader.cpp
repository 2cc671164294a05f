// SPDX-License-Identifier: MIT
#include <heed/text/read/vocabulary_reader.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {

namespace text = heed::detail::text;

std::string refused(std::string_view words) {
  return support::refusal<heed::tokenizer_error>([&] { text::parse_json(words); });
}

TEST(JsonReader, ReadsValues) {
  const text::json j =
      text::parse_json(R"({"a": "x\u00e9", "b": [1, -2.5, true, null], "a2": {"c": 3}})");
  EXPECT_EQ(text::text_member(j, "a"), "x\u00E9");
  EXPECT_EQ(text::list_member(j, "b").size(), 4u);
  EXPECT_EQ(text::count_of(text::list_member(j, "b")[0], "b"), 1u);
  EXPECT_EQ(text::count_member(text::member(j, "a2"), "c", 0), 3u);
  EXPECT_TRUE(text::member(j, "none").is_null());
  EXPECT_EQ(text::text_member(j, "none", "other"), "other");
}

TEST(JsonReader, RefusesInWords) {
  EXPECT_EQ(refused("{"), "it is no JSON at byte 2");
  EXPECT_EQ(refused(""), "it is no JSON at byte 1");
  EXPECT_EQ(refused("{\"a\": \"\xFF\"}"), "it is no JSON at byte 8");
  EXPECT_EQ(refused(std::string(65, '[')), "it is nested deeper than 64 levels");
  EXPECT_EQ(refused(std::string(1000000, '[')), "it is nested deeper than 64 levels");
  const text::json j = text::parse_json(R"({"a": 5})");
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { text::text_member(j, "a"); }),
            "a is 5, where text is expected");
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { text::flag_member(j, "a", true); }),
            "a is 5, where true or false is expected");
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] { text::list_member(j, "b"); }),
            "b is missing, where a list is expected");
}

text::vocabulary_reader read(std::string_view words) {
  text::vocabulary_reader reader(text::vocabulary_reader::tokenizer_json);
  text::read_json(words, reader);
  return reader;
}

TEST(VocabularyReader, TakesTheLargePartsForItself) {
  text::vocabulary_reader r = read(
      R"({"a": 1, "model": {"type": "BPE", "merges": ["a b", ["ab", "c"]], "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}}, "z": []})");
  EXPECT_EQ(r.tokens().find("abc"), 4u);
  EXPECT_EQ(r.merges().size(), 2u);
  const text::merge_table merges = r.merges().table(r.tokens(), "");
  EXPECT_EQ(merges.find(3, 2)->made, 4u);
  EXPECT_EQ(merges.find(3, 2)->rank, 1u);
  const text::json rest = r.take();
  EXPECT_EQ(text::text_member(text::member(rest, "model"), "type"), "BPE");
  EXPECT_TRUE(text::member(text::member(rest, "model"), "vocab").is_null());
}

TEST(VocabularyReader, ScoresOfAList) {
  text::vocabulary_reader r = read(R"({"model": {"vocab": [["a", -1.5], ["b", -2]]}})");
  EXPECT_EQ(r.tokens().find("b"), 1u);
  EXPECT_EQ(r.scores(), (std::vector<double>{-1.5, -2}));
}

TEST(VocabularyReader, RefusesWhatIsNoVocabulary) {
  const auto said = [](std::string_view words) {
    return support::refusal<heed::tokenizer_error>([&] { read(words); });
  };
  EXPECT_EQ(said(R"({"model": {"vocab": {"a": -1}}})"),
            "the token a has an id that is no whole number below 2^32 - 1");
  EXPECT_EQ(
      said(R"({"model": {"vocab": {"a": [1]}}})"),
      "the vocabulary is neither an object of tokens and their ids nor a list of [token, score]");
  EXPECT_EQ(said(R"({"model": {"merges": ["a b c"]}})"), "the merge \"a b c\" is not two tokens");
  EXPECT_EQ(said(R"({"model": {"merges": [["a"]]}})"),
            "merges are no list of \"left right\" or [\"left\", \"right\"]");
  text::vocabulary_reader r = read(R"({"model": {"merges": ["a b"], "vocab": {"a": 0, "b": 1}}})");
  EXPECT_EQ(
      support::refusal<heed::tokenizer_error>([&] { (void)r.merges().table(r.tokens(), ""); }),
      "merge 0 needs the token ab, which is not in the vocabulary");
}

}  // namespace
