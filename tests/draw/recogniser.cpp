// SPDX-License-Identifier: MIT
// What the recogniser makes of pictures drawn by hand, right ones and wrong ones, and of those that the painter paints.
#include "draw/recogniser.hpp"
#include "draw/caption.hpp"
#include "draw/held_out.hpp"
#include "draw/painter.hpp"
#include "pictures.hpp"

#include <gtest/gtest.h>

namespace {

picture circle_above_square() {
  picture p;
  support::put_circle(p, 8, 2);
  support::put_square(p, 9, 12);
  return p;
}

TEST(recogniser, takes_a_scene_drawn_by_hand_and_no_other) {
  const picture p = circle_above_square();
  EXPECT_TRUE(shows(p, scene_of("a red circle above a blue square")));
  EXPECT_TRUE(shows(p, scene_of("a blue square below a red circle")));
  for (const char* const wrong :
       {"a red circle below a blue square", "a red circle left of a blue square",
        "a red circle right of a blue square", "a blue square above a red circle",
        "a red square above a blue circle", "a blue circle above a red square",
        "a red diamond above a blue square", "a red circle above a green square", "a red circle",
        "a blue square"})
    EXPECT_FALSE(shows(p, scene_of(wrong))) << wrong;
}

TEST(recogniser, takes_things_beside_each_other) {
  picture p;
  support::put_square(p, 1, 8);
  support::put_circle(p, 14, 9);
  EXPECT_TRUE(shows(p, scene_of("a blue square left of a red circle")));
  EXPECT_TRUE(shows(p, scene_of("a red circle right of a blue square")));
  EXPECT_FALSE(shows(p, scene_of("a red circle left of a blue square")));
  EXPECT_FALSE(shows(p, scene_of("a blue square above a red circle")));
}

TEST(recogniser, refuses_a_scene_with_more_than_is_asked_for) {
  picture p = circle_above_square();
  p.at(0, 0) = pixel_of(colour::green);
  EXPECT_FALSE(shows(p, scene_of("a red circle above a blue square")));
  p.at(0, 0) = pixel_of(colour::red);
  EXPECT_FALSE(shows(p, scene_of("a red circle above a blue square")));
  p.at(0, 0) = paper;
  p.at(23, 23) = pixel_of(colour::green);
  EXPECT_FALSE(shows(p, scene_of("a red circle above a blue square"))) << "behind the two";
}

TEST(recogniser, refuses_shapes_that_are_none) {
  const scene square = scene_of("a blue square");
  picture whole;
  support::put_square(whole, 5, 5);
  ASSERT_TRUE(shows(whole, square));
  picture p = whole;
  p.at(7, 7) = paper;
  EXPECT_FALSE(shows(p, square)) << "a hole";
  p = whole;
  p.at(5, 7) = p.at(10, 7) = paper;
  EXPECT_FALSE(shows(p, square)) << "a notch at either side";
  p = whole;
  p.at(8, 8) = pixel_of(colour::red);
  EXPECT_FALSE(shows(p, square)) << "a pixel of another colour";
  p = whole;
  support::put(p, 5, 11, {"bbbbbb", "bbbbbb"});
  EXPECT_FALSE(shows(p, square)) << "6 wide, 8 high";
  p = whole;
  for (int x = 5; x < 11; ++x) p.at(x, 10) = x < 8 ? pixel_of(colour::blue) : paper;
  EXPECT_FALSE(shows(p, square)) << "half of the last row is missing";
  p = {};
  support::put(p, 5, 5, {"bbbb", "bbbb", "bbbb", "bbbb"});
  EXPECT_FALSE(shows(p, square)) << "too small to tell";
  EXPECT_FALSE(shows({}, square)) << "nothing at all";
}

TEST(recogniser, tells_shapes_of_other_sizes_than_are_painted) {
  const auto only = [](std::initializer_list<std::string_view> lines) {
    picture p;
    support::put(p, 3, 4, lines);
    return things_in(p).at(0).form;
  };
  EXPECT_EQ(only({"...g...", "..ggg..", ".ggggg.", "ggggggg", ".ggggg.", "..ggg..", "...g..."}),
            shape::diamond);
  EXPECT_EQ(only({"..gg..", "..gg..", "gggggg", "gggggg", "..gg..", "..gg.."}), shape::cross);
  EXPECT_EQ(only({"...g...", "...g...", "..ggg..", "..ggg..", ".ggggg.", ".ggggg.", "ggggggg"}),
            shape::triangle);
  EXPECT_EQ(only({"....gggg....", "..gggggggg..", ".gggggggggg.", ".gggggggggg.", "gggggggggggg",
                  "gggggggggggg", "gggggggggggg", "gggggggggggg", ".gggggggggg.", ".gggggggggg.",
                  "..gggggggg..", "....gggg...."}),
            shape::circle);
  EXPECT_EQ(only({"ggggggg", ".ggggg.", ".ggggg.", "..ggg..", "..ggg..", "...g...", "...g..."}),
            std::nullopt)
      << "upside down";
  EXPECT_EQ(only({"gggggg", "g.....", "g.....", "g.....", "g.....", "gggggg"}), std::nullopt);
}

TEST(recogniser, wants_a_thing_wholly_on_one_side) {
  EXPECT_EQ(relation_of({0, 0, 4, 4}, {0, 4, 4, 8}), relation::above);
  EXPECT_EQ(relation_of({0, 4, 4, 8}, {0, 0, 4, 4}), relation::below);
  EXPECT_EQ(relation_of({0, 1, 4, 5}, {4, 0, 8, 4}), relation::left);
  EXPECT_EQ(relation_of({4, 1, 8, 5}, {0, 0, 4, 4}), relation::right);
  EXPECT_EQ(relation_of({0, 0, 4, 4}, {0, 3, 4, 7}), std::nullopt) << "one row of both";
  EXPECT_EQ(relation_of({0, 0, 4, 4}, {4, 4, 8, 8}), std::nullopt) << "at a corner";
}

TEST(painter, paints_shapes_as_they_are_drawn_here) {
  const auto lines = [](shape form) {
    picture p;
    paint(p, {colour::red, form}, {0, 0, 8});
    std::string text;
    for (int y = 0; y < 8; ++y)
      text += p.letters().substr(static_cast<std::size_t>(y) * (picture::side + 1), 8) + '\n';
    return text;
  };
  EXPECT_EQ(lines(shape::circle),
            "..rrrr..\n.rrrrrr.\nrrrrrrrr\nrrrrrrrr\nrrrrrrrr\nrrrrrrrr\n.rrrrrr.\n..rrrr..\n");
  EXPECT_EQ(lines(shape::triangle),
            "...rr...\n...rr...\n..rrrr..\n..rrrr..\n.rrrrrr.\n.rrrrrr.\nrrrrrrrr\nrrrrrrrr\n");
  EXPECT_EQ(lines(shape::diamond),
            "...rr...\n..rrrr..\n.rrrrrr.\nrrrrrrrr\nrrrrrrrr\n.rrrrrr.\n..rrrr..\n...rr...\n");
  EXPECT_EQ(lines(shape::cross),
            "...rr...\n...rr...\n...rr...\nrrrrrrrr\nrrrrrrrr\n...rr...\n...rr...\n...rr...\n");
}

// Those that say the same of the same things, in another order, are the same scene.
bool same(const scene& a, const scene& b) {
  if (a == b || !a.beside || !b.beside) return a == b;
  const auto turned = [](relation r) { return static_cast<relation>(static_cast<int>(r) ^ 1); };
  return a.first == b.beside->second && a.beside->second == b.first &&
         a.beside->where == turned(b.beside->where);
}

TEST(painter, paints_what_the_recogniser_sees) {
  chance luck(3);
  for (int i = 0; i < 2000; ++i) {
    const scene asked = any_scene(luck), other = any_scene(luck);
    const picture p = painted(asked, luck);
    ASSERT_TRUE(shows(p, asked)) << caption_of(asked) << '\n' << p.letters();
    ASSERT_EQ(shows(p, other), same(asked, other)) << caption_of(other) << '\n' << p.letters();
  }
}

}  // namespace
