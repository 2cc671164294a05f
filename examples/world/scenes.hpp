// SPDX-License-Identifier: MIT
// The kinds of scenes: what happens in each, and the questions that one can answer who has read it.
#pragma once

#include "cast.hpp"
#include "story.hpp"

// Something goes from hand to hand.
inline scene giving(cast& all, chance& luck) {
  scene s;
  const std::string thing = all.thing(), first = all.person();
  std::string holder = first;
  const std::size_t times = luck.between(1, 3);
  std::string giver, taker;
  const std::size_t asked = luck.below(times);
  for (std::size_t i = 0; i < times; ++i) {
    const std::string next = all.person();
    s.sentences.push_back(holder + " gave the " + thing + " to " + next + ".");
    if (i == asked) giver = holder, taker = next;
    holder = next;
  }
  s.questions = {{"giving", "Who has the " + thing + "?", holder + "."},
                 {"giving", "Who gave the " + thing + " to " + taker + "?", giver + "."},
                 {"giving", "What did " + giver + " give to " + taker + "?", "the " + thing + "."},
                 {"giving", "Who had the " + thing + " first?", first + "."}};
  return s;
}

// Things are put somewhere, and perhaps somewhere else later.
inline scene place(cast& all, chance& luck) {
  scene s;
  const std::string one = all.thing(), other = all.thing();
  std::string where_one = all.place(), where_other = all.place();
  s.sentences = {all.person() + " put the " + one + " " + where_one + ".",
                 all.person() + " put the " + other + " " + where_other + "."};
  if (luck.below(2) == 0) {
    where_one = luck.below(2) == 0 ? where_other : all.place();
    s.sentences.push_back(all.person() + " put the " + one + " " + where_one + ".");
  }
  s.questions = {{"place", "Where is the " + one + "?", where_one + "."},
                 {"place", "Where is the " + other + "?", where_other + "."}};
  return s;
}

// Whom "she" or "he" means follows from the reason alone.
inline scene pronoun(cast& all, chance& luck) {
  struct deed {
    const char* verb;
    const char* of_doer;   // why the doer did it: something that the doer is
    const char* of_other;  // ... that the other is
  };
  static constexpr deed deeds[] = {{"thanked", "grateful", "kind"}, {"asked", "curious", "wise"},
                                   {"helped", "helpful", "weak"},   {"comforted", "caring", "sad"},
                                   {"envied", "jealous", "rich"},   {"feared", "timid", "angry"},
                                   {"fed", "generous", "hungry"},   {"paid", "honest", "useful"}};
  scene s;
  const bool women = luck.below(2) == 0;
  const auto [doer, other] = all.pair(women);
  const deed& what = luck.one_of(deeds);
  const bool is_doer = luck.below(2) == 0;
  const std::string quality = is_doer ? what.of_doer : what.of_other;
  s.sentences = {doer + " " + what.verb + " " + other + " because " + (women ? "she" : "he") +
                 " was " + quality + "."};
  s.questions = {{"pronoun", "Who was " + quality + "?", (is_doer ? doer : other) + "."}};
  return s;
}

// Things lie in one place, and some may be taken away.
inline scene counting(cast& all, chance& luck) {
  static constexpr const char* numbers[] = {"none", "one", "two", "three", "four"};
  scene s;
  const std::string where = all.place();
  std::size_t count = luck.between(1, 4);
  std::string said = "There is a ", last;
  for (std::size_t i = 0; i < count; ++i) {
    last = all.thing();
    said += (i == 0 ? "" : i + 1 == count ? " and a " : ", a ") + last;
  }
  s.sentences = {said + " " + where + "."};
  if (luck.below(2) == 0) {
    s.sentences.push_back(all.person() + " took the " + last + " away.");
    --count;
  }
  s.questions = {
      {"counting", "How many things are " + where + "?", std::string(numbers[count]) + "."}};
  return s;
}

// Who is older than whom, told in any order.
inline scene ordering(cast& all, chance& luck) {
  scene s;
  std::vector<std::string> by_age;
  for (std::size_t i = luck.between(3, 4); i > 0; --i) by_age.push_back(all.person());
  for (std::size_t i = 0; i + 1 < by_age.size(); ++i)
    s.sentences.push_back(luck.below(2) == 0
                              ? by_age[i] + " is older than " + by_age[i + 1] + "."
                              : by_age[i + 1] + " is younger than " + by_age[i] + ".");
  luck.shuffle(s.sentences);
  const std::size_t a = luck.below(by_age.size() - 1);
  const std::size_t b = luck.between(a + 1, by_age.size() - 1);
  const bool turned = luck.below(2) == 0;
  s.questions = {{"ordering", "Who is the oldest?", by_age.front() + "."},
                 {"ordering", "Who is the youngest?", by_age.back() + "."},
                 {"ordering",
                  "Who is older, " + by_age[turned ? b : a] + " or " + by_age[turned ? a : b] + "?",
                  by_age[a] + "."}};
  return s;
}

// One thing is the opposite of another.
inline scene opposites(cast& all, chance& luck) {
  static constexpr const char* pairs[][2] = {
      {"hot", "cold"},   {"big", "small"},   {"new", "old"},     {"wet", "dry"},
      {"full", "empty"}, {"heavy", "light"}, {"clean", "dirty"}, {"soft", "hard"},
      {"cheap", "dear"}, {"round", "flat"}};
  scene s;
  const auto& two = luck.one_of(pairs);
  const std::size_t side = luck.below(2);
  const std::string one = all.thing(), other = all.thing();
  const bool same = luck.below(2) == 0;
  s.sentences = {
      "The " + one + " is " + two[side] + ".",
      "The " + other + " is " + (same ? "like" : "the opposite of") + " the " + one + "."};
  if (luck.below(2) == 0) std::swap(s.sentences[0], s.sentences[1]);
  s.questions = {
      {"opposites", "How is the " + other + "?", std::string(two[same ? side : 1 - side]) + "."}};
  return s;
}
