// SPDX-License-Identifier: MIT
// The model: with a cache as without, and what the weights that come with it draw.
#include "draw/caption.hpp"
#include "draw/held_out.hpp"
#include "draw/model.hpp"
#include "draw/recogniser.hpp"
#include "draw/training.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace {

heed::decoder<float> the_model() {
  heed::decoder<float> gpt = drawing_model();
  load_weights(HEED_DRAW_WEIGHTS, gpt);
  return gpt;
}

// Token by token with a cache, a layer's mask hides what it hides from all tokens at once.
TEST(drawing, is_the_same_with_a_cache) {
  const heed::decoder<float> gpt = the_model();
  const drawing made = drawn(gpt, "a red circle above a blue square");
  const std::vector<heed::index> ids(made.ids.begin(), made.ids.end() - 1);
  const heed::matrix<float> scores = gpt(ids);
  for (heed::index i = 0; i < tokens::patches; ++i) {
    heed::index best = 0;
    (void)scores.row(tokens::caption - 1 + i).head(tokens::patch_kinds).maxCoeff(&best);
    ASSERT_EQ(best, made.ids[static_cast<std::size_t>(tokens::caption + i)]) << "patch " << i;
  }
}

TEST(drawing, is_right_for_nine_of_ten_scenes_of_each_kind) {
  const heed::decoder<float> gpt = the_model();
  constexpr int asked = 34;
  for (std::size_t kind = 0; kind < held_names.size(); ++kind) {
    chance luck(2026);
    int right = 0;
    for (int i = 0; i < asked; ++i) {
      const scene s = next_scene(luck, static_cast<held>(kind));
      right += shows(drawn(gpt, caption_of(s)).shown, s) ? 1 : 0;
    }
    EXPECT_GE(right, 31) << "of " << asked << ", " << held_names[kind];
  }
}

// A model that does not see the caption draws another picture.
TEST(drawing, follows_the_words) {
  heed::decoder<float> gpt = the_model();
  const scene s = scene_of("a red circle above a blue square");
  ASSERT_TRUE(shows(drawn(gpt, caption_of(s)).shown, s));
  for (auto& block : gpt.blocks)
    block.attention.rules.sees = [sees = block.attention.rules.sees](heed::at i) {
      return sees(i) && (i.key >= tokens::caption || i.query < tokens::caption - 1 || i.key == 0);
    };
  EXPECT_FALSE(shows(drawn(gpt, caption_of(s)).shown, s));
}

TEST(drawing, keeps_its_weights_in_less_than_a_mebibyte_and_refuses_others) {
  EXPECT_LT(std::filesystem::file_size(HEED_DRAW_WEIGHTS), 1U << 20);
  heed::decoder<float> other(
      {.vocabulary = 5, .positions = 7, .model = 8, .layers = 1, .heads = 1});
  const std::string said =
      support::refusal<heed::file_error>([&] { load_weights(HEED_DRAW_WEIGHTS, other); });
  EXPECT_NE(said.find("tensor \"words.weight\" is 110x64 of BF16, but this model has 5x8 of BF16"),
            said.npos)
      << said;
}

TEST(drawing, learns_the_same_bits_on_any_number_of_threads) {
  const auto taught = [](const heed::executor& on) {
    heed::decoder<float> gpt = drawing_model();
    teach(gpt, {.steps = 3, .batch = 3}, on, [](heed::index) {});
    std::vector<float> numbers;
    for (const auto& p : heed::parameters_of(gpt))
      numbers.insert(numbers.end(), p.data, p.data + p.size());
    return numbers;
  };
  const std::vector<float> one = taught({}),
                           three = taught(heed::executor_of(support::on_threads, 3));
  EXPECT_EQ(std::memcmp(one.data(), three.data(), one.size() * sizeof(float)), 0);
}

// What is saved is what is loaded.
TEST(drawing, saves_weights_that_load) {
  heed::decoder<float> gpt = the_model();
  const std::string copy = testing::TempDir() + "heed_draw_weights.safetensors";
  save_weights(copy, gpt);
  const auto bytes = [](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(bytes(copy), bytes(HEED_DRAW_WEIGHTS));
  std::filesystem::remove(copy);
}

}  // namespace
