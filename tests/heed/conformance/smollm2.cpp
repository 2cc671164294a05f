// SPDX-License-Identifier: MIT
// A published chat model, SmolLM2-135M-Instruct: ids, logits and greedy tokens that transformers gave with the
// same weights in float. Runs where the environment variable HEED_SMOLLM2 names its GGUF file, which
// sh examples/get smollm2 brings, and HEED_TEST_DATA the golden values.
#include <heed/models.hpp>

#include "support/data.hpp"
#include "support/json.hpp"
#include "support/safetensors.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

using ids = std::vector<index>;

class Smollm2 : public testing::Test {
 protected:
  void SetUp() override {
    const char* const named = std::getenv("HEED_SMOLLM2");
    if (named == nullptr)
      GTEST_SKIP() << "NOT RUN: HEED_SMOLLM2 does not name the model's file; sh examples/get "
                      "smollm2 brings it";
    const auto found = support::data_folder("models/smollm2");
    if (!found) GTEST_SKIP() << support::data_is_missing("models/smollm2");
    path = named;
    folder = *found;
    const std::vector<char> json = support::read_file<char>(folder / "golden_visible.json");
    golden = support::json::parse({json.data(), json.size()});
  }

  static ids ids_of(const support::json& list) {
    ids all;
    for (const support::json& id : list.items()) all.push_back(id.integer());
    return all;
  }
  // What comes out of the tokenizer for a golden prompt: a conversation, or a text.
  static ids prompt_of(const tokenizer& text, const support::json& prompt) {
    if (prompt["messages"].is_null()) return text.encode(prompt["prompt"].text());
    std::vector<chat_message> messages;
    for (const support::json& said : prompt["messages"].items())
      messages.push_back({messages.size() % 2 == 0 ? "user" : "assistant", said.text()});
    EXPECT_EQ(text.chat(messages), prompt["prompt"].text());
    return text.chat_ids(messages);
  }

  std::string path;
  std::filesystem::path folder;
  support::json golden;
};

TEST_F(Smollm2, Ids) {
  const tokenizer text = load_tokenizer(path);
  for (const support::json& prompt : golden["prompts"].items())
    EXPECT_EQ(prompt_of(text, prompt), ids_of(prompt["prompt_ids"]));
}

TEST_F(Smollm2, LastLogits) {
  const language_model model = load_language_model(path);
  const matrix<float> expected =
      support::safetensors(folder / "golden_visible.safetensors")["last_logits_0"].rows<float>();
  auto cache = model.cache(100);
  const matrix<float> found = model.decoder.next(ids_of(golden["prompts"][0]["prompt_ids"]), cache);
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_LT((found.reshaped() - expected.reshaped()).cwiseAbs().maxCoeff(), 2e-2);
}

TEST_F(Smollm2, GreedyTokens) {
  const language_model model = load_language_model(path);
  const tokenizer text = load_tokenizer(path);
  std::vector<ids> prompts, all;
  for (const support::json& prompt : golden["prompts"].items()) {
    const ids expected = ids_of(prompt["greedy"]);
    const auto safe = static_cast<std::size_t>(prompt["safe_tokens"].integer());
    prompts.push_back(ids_of(prompt["prompt_ids"]));
    for (const index guess : {0, 8}) {
      ids found;
      for (const index id : model.generate(prompts.back(), {.tokens = 64, .guess = guess}))
        found.push_back(id);
      if (guess == 0) all.push_back(found);
      EXPECT_EQ(found, all.back());
      ASSERT_GE(found.size(), safe);
      EXPECT_EQ(ids(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(safe)),
                ids(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(safe)));
    }
  }
  EXPECT_EQ(model.generate_all(prompts, {.tokens = 64}), all);
}

}  // namespace
}  // namespace heed
