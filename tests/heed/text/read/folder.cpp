// SPDX-License-Identifier: MIT
#include <heed/text/tokenizer.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

#include <filesystem>
#include <fstream>

namespace {

using ids = std::vector<heed::index>;

// A folder that goes when the test ends.
class folder {
 public:
  folder()
      : path_(std::filesystem::temp_directory_path() /
              ("heed_" + std::to_string(std::uintptr_t(this)))) {
    std::filesystem::create_directories(path_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }

  const folder& with(const char* name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return *this;
  }
  [[nodiscard]] std::string path(const char* name = "") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string refused(const std::string& path) {
  return support::refusal<heed::tokenizer_error>([&] { (void)heed::load_tokenizer(path); });
}

const char* const words = R"({
  "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0}, "padding": {"strategy": {"Fixed": 9}},
  "added_tokens": [{"id": 3, "content": "<end>", "special": true, "normalized": false, "lstrip": true},
                   {"id": 77, "content": "new", "special": false, "normalized": true}],
  "normalizer": {"type": "Lowercase"},
  "pre_tokenizer": {"type": "WhitespaceSplit"},
  "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<end>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                     "special_tokens": {"<end>": {"id": "<end>", "ids": [3], "tokens": ["<end>"]}}},
  "decoder": null,
  "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "to": 1, "be": 2, "<end>": 3}, "unk_token": "<unk>"}})";

TEST(Folder, TokenizerJson) {
  const folder f;
  f.with("tokenizer.json", words)
      .with(
          "tokenizer_config.json",
          R"({"eos_token": {"content": "<end>"}, "chat_template": [{"name": "default", "template": "{{ messages[0].content }}<end>"}]})");
  const heed::tokenizer text = heed::load_tokenizer(f.path());
  EXPECT_EQ(text.encode("To be or <end>"), (ids{3, 1, 2, 0, 3}));  // neither cut nor filled up
  EXPECT_EQ(text.encode("TO NEW", {.add_special_tokens = false}),
            (ids{1, 4}));  // the next number, not 77
  EXPECT_EQ(text.encode("<end>", {.add_special_tokens = false, .parse_special = false}), (ids{0}));
  EXPECT_EQ(text.decode({1, 2, 4}), "to be new");
  EXPECT_EQ(text.vocabulary_size(), 5);
  EXPECT_EQ(text.eos(), 3);
  EXPECT_EQ(text.unknown(), std::nullopt);
  EXPECT_EQ(text.chat({{"user", "to"}}), "to<end>");
  EXPECT_EQ(text.chat_ids({{"user", "to"}}), (ids{1, 3}));
  EXPECT_EQ(
      text.encode("to", {.add_special_tokens = false}),
      heed::load_tokenizer(f.path("tokenizer.json")).encode("to", {.add_special_tokens = false}));
}

TEST(Folder, TheTemplateInAFileOfItsOwn) {
  const folder f;
  f.with("tokenizer.json", words).with("chat_template.jinja", "{{ messages|length }}");
  EXPECT_EQ(heed::load_tokenizer(f.path()).chat({{"user", "a"}, {"user", "b"}}), "2");
}

TEST(Folder, VocabularyAndMerges) {
  const folder f;
  f.with("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "\u0120": 3, "<|endoftext|>": 4})")
      .with("merges.txt", "#version: 0.2\na b\n");
  const heed::tokenizer text = heed::load_tokenizer(f.path());
  EXPECT_EQ(text.encode("ab ab<|endoftext|>"), (ids{2, 3, 2, 4}));
  EXPECT_EQ(text.eos(), 4);
  f.with("tokenizer_config.json", R"({"add_prefix_space": true})");
  EXPECT_EQ(heed::load_tokenizer(f.path()).encode("ab"), (ids{3, 2}));
}

TEST(Folder, BertsWords) {
  const folder f;
  f.with("vocab.txt", "[UNK]\n[CLS]\n[SEP]\nto\n##day\n");
  EXPECT_EQ(heed::load_tokenizer(f.path()).encode("T\u00F6day?"), (ids{1, 3, 4, 0, 2}));
  f.with("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(heed::load_tokenizer(f.path()).encode("Today"), (ids{1, 0, 2}));
}

TEST(Folder, RefusesInWordsWithTheFilesName) {
  const folder f;
  EXPECT_EQ(refused(f.path()),
            f.path() +
                ": the folder holds no tokenizer.json, tokenizer.model, spiece.model, vocab.json, "
                "encoder.json, vocab.txt or tokenizer.bin");
  const auto said = [&](const std::string& text) {
    f.with("tokenizer.json", text);
    const std::string sentence = refused(f.path()), name = f.path("tokenizer.json") + ": ";
    EXPECT_EQ(sentence.substr(0, name.size()), name);
    return sentence.substr((std::min)(name.size(), sentence.size()));
  };
  EXPECT_EQ(said(""), "it is no JSON at byte 1");
  EXPECT_EQ(said("{}"), "it has no member model, which a tokenizer.json has");
  EXPECT_EQ(said(R"({"model": {"type": "Foo"}})"), "there is no model of the type Foo here");
  EXPECT_EQ(said(R"({"model": {"type": "WordLevel", "vocab": {}}, "normalizer": {"type": "Foo"}})"),
            "there is no normalizer of the type Foo here");
  EXPECT_EQ(said(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}})"),
            "dropout is given, so the tokens of a text would be random");
  EXPECT_EQ(said(R"({"model": {"type": "Unigram", "vocab": [["a", 0]], "unk_id": 7}})"),
            "unk_id is 7, and the vocabulary has 1 tokens");
  f.with("vocab.json", "{\"a\": 0}");
  EXPECT_EQ(refused(f.path("vocab.json")),
            f.path("vocab.json") + ": " + f.path("merges.txt") + ": it cannot be read");
  EXPECT_EQ(refused(f.path("nothing.json")), f.path("nothing.json") + ": it cannot be read");
  EXPECT_EQ(
      refused(f.with("a.words", "").path("a.words")),
      f.path("a.words") +
          ": a tokenizer is a folder, or a file that ends in .json, .model, .txt, .bin or .gguf");
  EXPECT_EQ(refused(f.with("t.bin", std::string(10, '\1')).path("t.bin")),
            f.path("t.bin") + ": it ends inside a number at byte 10");
}

}  // namespace
