// SPDX-License-Identifier: MIT
#include <heed/io/json_config.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

std::string refusal(std::string_view text) {
  return support::refusal<file_error>([&] { detail::parse_json_config(text, "config.json"); });
}

TEST(JsonConfig, IsAnObject) {
  EXPECT_EQ(refusal("{}"), "accepted");
  EXPECT_EQ(refusal("[1, 2]"), "config.json: expected a JSON object, found a list of 2");
  EXPECT_EQ(refusal("3"), "config.json: expected a JSON object, found 3");
}

TEST(JsonConfig, NamesItsFile) {
  const support::temporary_folder folder;
  const config c = read_json_config(folder.write("config.json", R"({"hidden_size": "many"})"));
  EXPECT_EQ(
      support::refusal<file_error>([&] { (void)c.count("hidden_size"); }),
      (folder / "config.json").string() + ": hidden_size: expected a whole number, found \"many\"");
  EXPECT_THROW(read_json_config(folder / "none.json"), file_error);
}

TEST(JsonConfig, EveryPrefixIsRefused) {
  const std::string whole = R"({"a": [1, {"b": null}], "c": "\u00e9", "d": -2.5e-3})";
  EXPECT_EQ(refusal(whole), "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(refusal(whole.substr(0, size)).find("config.json: no JSON at byte "), 0u) << size;
}

// What transformers wrote, read as a loader of models reads it.
TEST(JsonConfig, ReadsPublishedOnes) {
  const auto one = support::data_folder("families/gemma3");  // where that is, all are
  if (!one) GTEST_SKIP() << support::data_is_missing("families");
  const std::filesystem::path folder = one->parent_path();
  int files = 0;
  for (const auto& family : std::filesystem::directory_iterator(folder))
    for (const char* name : {"config.json", "config.v4.json"}) {
      const config c = read_json_config(family.path() / name);
      EXPECT_FALSE(c.text("model_type").empty()) << family.path();
      EXPECT_FALSE(c.texts("architectures").empty()) << family.path();
      ++files;
    }
  EXPECT_GT(files, 80);

  const config gemma = read_json_config(folder / "gemma3" / "config.json");
  const config rope = gemma.object("rope_parameters").object("full_attention");
  EXPECT_EQ(rope.text("rope_type"), "linear");
  EXPECT_EQ(rope.number("factor"), 8);
  EXPECT_EQ(gemma.texts("layer_types").size(), 6u);
  EXPECT_FALSE(gemma.contains("attn_logit_softcapping"));
  const config phi = read_json_config(folder / "phi3-longrope" / "config.v4.json");
  EXPECT_EQ(phi.object("rope_scaling").numbers("short_factor"),
            (std::vector<double>{1.0, 1.1, 1.2, 1.3}));
  const config clip = read_json_config(folder / "clip" / "config.v4.json");
  EXPECT_EQ(clip.object("text_config").count("max_position_embeddings"), 20);
}

}  // namespace
}  // namespace heed
