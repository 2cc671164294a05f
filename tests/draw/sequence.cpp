// SPDX-License-Identifier: MIT
// Captions, tokens, what is held out, and what each layer sees, by hand.
#include "draw/caption.hpp"
#include "draw/patterns.hpp"
#include "draw/recogniser.hpp"
#include "draw/training.hpp"
#include "pictures.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

TEST(captions, are_read_in_any_usual_wording) {
  const scene want{{colour::orange, shape::circle},
                   {{relation::left, {colour::blue, shape::cross}}}};
  EXPECT_EQ(scene_of("an orange circle left of a blue cross"), want);
  EXPECT_EQ(scene_of("  The ORANGE circle, to the left of the blue cross. "), want);
  EXPECT_EQ(caption_of(want), "an orange circle left of a blue cross");
  EXPECT_EQ(caption_of(scene_of("red square")), "a red square");
}

TEST(captions, say_what_is_wrong_with_them) {
  const auto said = [](const char* caption) {
    return support::refusal<caption_error>([&] { (void)scene_of(caption); });
  };
  EXPECT_EQ(said("a pink circle"),
            "\"pink\" is not among the words that are known here: colours are red, green, blue, "
            "yellow, purple and "
            "orange; shapes are circle, square, triangle, diamond and cross; one stands above, "
            "below, left of or "
            "right of the other");
  EXPECT_EQ(said("a circle above a red square"),
            "\"a circle above a red square\": a colour is awaited where \"circle\" stands; say it "
            "like \"a red circle "
            "above a blue square\"");
  EXPECT_EQ(
      said("a red"),
      "\"a red\": a shape is awaited at the end; say it like \"a red circle above a blue square\"");
  EXPECT_EQ(said("a red circle above a blue square above a red cross"),
            "\"a red circle above a blue square above a red cross\": there are words behind the "
            "second thing, but a "
            "picture shows two at most");
}

TEST(tokens, of_a_caption_and_of_patches_by_hand) {
  const std::vector<heed::index> ids = tokens::of_caption("a red circle");
  EXPECT_EQ(ids, (std::vector<heed::index>{92, 99, 105, 91, 91, 91, 91, 91, 91}));
  picture p;
  support::put(p, 0, 0, {"r.bb", "r.bb", "....", ".g.."});
  const std::vector<heed::index> patches = tokens::of_picture(p);
  ASSERT_EQ(patches.size(), 144U);
  EXPECT_EQ(patches[0], 1 + 4);        // red at the left of both rows
  EXPECT_EQ(patches[1], 2 * 15 + 15);  // all blue
  EXPECT_EQ(patches[12], 15 + 8);      // green at the bottom right
  EXPECT_EQ(patches[13], 0);
  EXPECT_EQ(tokens::picture_of(patches), p);
}

TEST(held_out, is_the_same_for_both_ways_to_say_a_scene) {
  chance luck(4);
  std::array<int, 4> counts{};
  for (int i = 0; i < 4000; ++i) {
    const scene s = any_scene(luck);
    ++counts[static_cast<std::size_t>(how_held_out(s))];
    if (!s.beside) continue;
    const auto turned = static_cast<relation>(static_cast<int>(s.beside->where) ^ 1);
    EXPECT_EQ(how_held_out({s.beside->second, {{turned, s.first}}}), how_held_out(s))
        << caption_of(s);
  }
  for (const int count : counts) EXPECT_GT(count, 100);
}

// A batch shows what its captions say, and nothing that is held out, not even said the other way round.
TEST(training, learns_from_nothing_that_is_held_out) {
  std::set<std::vector<heed::index>> all;
  for (heed::index number = 0; number < 30; ++number) {
    const heed::token_batch batch = batch_of(number, {.batch = 8});
    ASSERT_EQ(batch.starts.size(), 9U);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto first = batch.ids.begin() + batch.starts[i],
                 last = batch.ids.begin() + batch.starts[i + 1];
      std::string caption;
      for (auto id = first; id != first + tokens::caption; ++id)
        caption +=
            tokens::words[static_cast<std::size_t>(*id - tokens::first_word)] + std::string(" ");
      const scene s = scene_of(caption);
      EXPECT_EQ(how_held_out(s), held::no) << caption;
      const auto asked = batch.targets.begin() + batch.starts[i];
      EXPECT_EQ(std::count(asked, asked + tokens::sequence - 1, -1), tokens::caption - 1);
      EXPECT_TRUE(
          shows(tokens::picture_of({asked + tokens::caption - 1, asked + tokens::sequence - 1}), s))
          << caption;
      all.insert({first, last});
    }
  }
  EXPECT_GT(all.size(), 220U) << "batches are the same";
}

// Rows of patches from the first that is seen: x is seen, o is the patch that the query predicts.
std::string seen(bool (*pattern)(heed::at), heed::position row, heed::position column) {
  const auto caption = static_cast<heed::position>(tokens::caption);
  const heed::position predicted = row * 12 + column, query = caption + predicted - 1;
  const auto sees = [&](heed::position key) { return pattern({query, key, 0, query, 0}); };
  std::string text;
  for (heed::position key = 0; key < caption; ++key) text += sees(key) ? "" : "a word is hidden\n";
  for (heed::position first = 0; first <= predicted; first += 12) {
    std::string line(12, '.');
    for (heed::position patch = first; patch < first + 12; ++patch) {
      char& mark = line[static_cast<std::size_t>(patch - first)];
      if (patch == predicted) mark = 'o';
      if (patch < predicted && sees(caption + patch)) mark = 'x';  // causal hides the others
    }
    if (!text.empty() || line != std::string(12, '.')) text += line + '\n';
  }
  return text;
}

TEST(patterns, by_hand) {
  EXPECT_EQ(seen(patterns::row, 2, 4),
            "xxxxxxxxxxxx\n"
            "xxxxo.......\n");
  EXPECT_EQ(seen(patterns::column, 2, 4),
            "....x.......\n"
            "....x.......\n"
            "....o.......\n");
  EXPECT_EQ(seen(patterns::local, 3, 4),
            "..xxxxx.....\n"
            "..xxxxx.....\n"
            "..xxo.......\n");
  EXPECT_EQ(seen(patterns::local, 3, 0),
            "xxx.........\n"
            "xxx.........\n"
            "o...........\n");
  EXPECT_EQ(seen(patterns::column, 0, 0), "o...........\n");
}

}  // namespace
