// SPDX-License-Identifier: MIT
// Whatever the format, a path is enough; and what a folder says of the end of a text.
#include <heed/io/json_config.hpp>
#include <heed/io/load_language_model.hpp>
#include <heed/io/load_language_model_implementation.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

using ids = std::vector<index>;

std::string refusal(const std::filesystem::path& path) {
  return support::refusal<file_error>([&] { (void)load_language_model(path); });
}

TEST(LoadLanguageModel, AFileOfLlama2c) {
  const auto path = support::golden_root() / "models/stories260K/stories260K.bin";
  const language_model model = load_language_model(path);
  EXPECT_EQ(model.context, 256);
  EXPECT_EQ(model.ends, (ids{1, 2}));
  EXPECT_EQ(model.logits(ids{1, 403}).cols(), 512);
}

TEST(LoadLanguageModel, AFolder) {
  const auto folder = support::data_folder("families/llama3");
  if (!folder) GTEST_SKIP() << support::data_is_missing("families/llama3");
  const language_model model = load_language_model(*folder);
  EXPECT_GT(model.context, 0);
  EXPECT_EQ(model.decoder.blocks.size(),
            static_cast<std::size_t>(
                read_json_config(*folder / "config.json").count("num_hidden_layers")));
}

// Weights of 16 bits keep 11 or 8 bits of each number: scores change a little, and no more.
TEST(LoadLanguageModel, RoundsWeightsAsItIsTold) {
  const auto path = support::golden_root() / "models/stories260K/stories260K.bin";
  const matrix<float> exact = load_language_model(path).logits(ids{1, 403});
  for (const dtype type : {dtype::f16, dtype::bf16}) {
    const language_model model = load_language_model(path, {.weights = type});
    EXPECT_EQ(model.decoder.blocks[0].attention.query.weight.stored.type, type);
    const float error = (model.logits(ids{1, 403}) - exact).cwiseAbs().maxCoeff();
    EXPECT_GT(error, 0);
    EXPECT_LT(error, 0.05f * exact.cwiseAbs().maxCoeff());
  }
  EXPECT_EQ(load_language_model(path, {.weights = dtype::f32}).logits(ids{1, 403}), exact);
}

ids ends_of(const std::string& config, const std::string& generation) {
  const support::temporary_folder folder;
  if (!generation.empty()) folder.write("generation_config.json", generation);
  return detail::read_ends(folder.path(), read_json_config(folder.write("config.json", config)));
}

TEST(LoadLanguageModel, EndsOfAText) {
  EXPECT_EQ(ends_of("{}", ""), ids());
  EXPECT_EQ(ends_of(R"({"eos_token_id": 2})", ""), ids{2});
  EXPECT_EQ(ends_of(R"({"eos_token_id": [2, 7]})", ""), (ids{2, 7}));
  EXPECT_EQ(ends_of(R"({"eos_token_id": null})", ""), ids());
  EXPECT_EQ(ends_of(R"({"eos_token_id": 2})", R"({"eos_token_id": [5, 6]})"), (ids{5, 6}));
  EXPECT_EQ(ends_of(R"({"eos_token_id": 2})", R"({"temperature": 0.6})"), ids{2});
  EXPECT_THROW(ends_of(R"({"eos_token_id": "two"})", ""), file_error);
}

TEST(LoadLanguageModel, RefusesWhatIsNoModel) {
  const support::temporary_folder folder;
  EXPECT_NE(refusal(folder / "none.gguf").find("none.gguf"), std::string::npos);
  EXPECT_NE(refusal(folder.path()).find("config.json"), std::string::npos);
  EXPECT_NE(refusal(folder.write("a.gguf", "GGUX, not a model")), "accepted");
  EXPECT_NE(refusal(folder.write("empty.gguf", "")), "accepted");
  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  support::bytes tensors;
  tensors.text(header).zeros(4);
  const auto path = folder.write("weights.safetensors", tensors.view());
  EXPECT_EQ(refusal(path), path.string() +
                               ": this file has tensors, but does not say of which model; give "
                               "the folder with its config.json, a GGUF file or llama2.c's .bin");
}

}  // namespace
}  // namespace heed
