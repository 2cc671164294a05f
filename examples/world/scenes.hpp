// SPDX-License-Identifier: MIT
// The kinds of scenes: the events of each, and questions about them with their answers.
#pragma once

#include "cast.hpp"
#include "story.hpp"

// A thing is given from one person to the next.
inline scene giving(cast& all, chance& luck) {
  scene s;
  const std::string thing = all.thing(), first = all.person();
  std::vector<std::string> holders = {first};
  for (std::size_t times = luck.between(1, 3); times > 0; --times) {
    const std::string next = all.person();
    const std::string sentence = holders.back() + " gave the " + thing + " to " + next + ".";
    holders.push_back(next);
    const std::size_t asked = luck.between(1, holders.size() - 1);
    const std::string &giver = holders[asked - 1], &taker = holders[asked];
    s.push_back({sentence,
                 {{"giving", "Who has the " + thing + "?", next + "."},
                  {"giving", "Who gave the " + thing + " to " + taker + "?", giver + "."},
                  {"giving", "What did " + giver + " give to " + taker + "?", "the " + thing + "."},
                  {"giving", "Who had the " + thing + " first?", first + "."}}});
  }
  return s;
}

// A thing is put in a place, and perhaps in other places later.
inline scene place(cast& all, chance& luck) {
  scene s;
  const std::string thing = all.thing();
  std::vector<std::string> people, places;
  for (std::size_t times = luck.between(1, 3); times > 0; --times) {
    people.push_back(all.person());
    places.push_back(all.place());
    const std::size_t asked = luck.below(places.size());
    s.push_back(
        {people.back() + " put the " + thing + " " + places.back() + ".",
         {{"place", "Where is the " + thing + "?", places.back() + "."},
          {"place", "Where was the " + thing + " first?", places.front() + "."},
          {"place", "What is " + places.back() + "?", "the " + thing + "."},
          {"doer", "Who put the " + thing + " " + places[asked] + "?", people[asked] + "."}}});
  }
  return s;
}

// The person whom "she" or "he" means follows only from the reason.
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
  const bool women = luck.below(2) == 0;
  const auto [doer, other] = all.pair(women);
  const deed& what = luck.one_of(deeds);
  const bool is_doer = luck.below(2) == 0;
  const std::string quality = is_doer ? what.of_doer : what.of_other;
  return {{doer + " " + what.verb + " " + other + " because " + (women ? "she" : "he") + " was " +
               quality + ".",
           {{"pronoun", "Who was " + quality + "?", (is_doer ? doer : other) + "."}}}};
}

// Several things are in one place, and one may be taken away.
inline scene counting(cast& all, chance& luck) {
  static constexpr const char* numbers[] = {"none", "one", "two", "three", "four"};
  const std::string where = all.place();
  const auto asked = [&](std::size_t count) {
    return question{"counting", "How many things are " + where + "?",
                    std::string(numbers[count]) + "."};
  };
  const std::size_t count = luck.between(1, 4);
  std::string said = "There is a ", last;
  for (std::size_t i = 0; i < count; ++i) {
    last = all.thing();
    said += (i == 0 ? "" : i + 1 == count ? " and a " : ", a ") + last;
  }
  scene s = {{said + " " + where + ".", {asked(count)}}};
  if (luck.below(2) == 0)
    s.push_back({all.person() + " took the " + last + " away.", {asked(count - 1)}});
  return s;
}

// Who is older than whom, told in any order.
inline scene ordering(cast& all, chance& luck) {
  std::vector<std::string> by_age;
  for (std::size_t i = luck.between(3, 4); i > 0; --i) by_age.push_back(all.person());
  const auto compared = [&](std::size_t older, std::size_t younger) {
    const bool turned = luck.below(2) == 0;
    return question{"ordering",
                    "Who is older, " + by_age[turned ? younger : older] + " or " +
                        by_age[turned ? older : younger] + "?",
                    by_age[older] + "."};
  };
  scene s;
  for (std::size_t i = 0; i + 1 < by_age.size(); ++i)
    s.push_back({luck.below(2) == 0 ? by_age[i] + " is older than " + by_age[i + 1] + "."
                                    : by_age[i + 1] + " is younger than " + by_age[i] + ".",
                 {compared(i, i + 1)}});
  luck.shuffle(s);
  const std::size_t older = luck.below(by_age.size() - 1);
  s.back().questions = {{"ordering", "Who is the oldest?", by_age.front() + "."},
                        {"ordering", "Who is the youngest?", by_age.back() + "."},
                        compared(older, luck.between(older + 1, by_age.size() - 1))};
  return s;
}

// One thing is the opposite of another.
inline scene opposites(cast& all, chance& luck) {
  static constexpr const char* pairs[][2] = {
      {"hot", "cold"},   {"big", "small"},   {"new", "old"},     {"wet", "dry"},
      {"full", "empty"}, {"heavy", "light"}, {"clean", "dirty"}, {"soft", "hard"},
      {"cheap", "dear"}, {"round", "flat"}};
  const auto& two = luck.one_of(pairs);
  const std::size_t side = luck.below(2);
  const std::string one = all.thing(), other = all.thing();
  const bool same = luck.below(2) == 0;
  const auto asked = [](const std::string& thing, const char* how) {
    return question{"opposites", "How is the " + thing + "?", std::string(how) + "."};
  };
  scene s = {
      {"The " + one + " is " + two[side] + ".", {asked(one, two[side])}},
      {"The " + other + " is " + (same ? "like" : "the opposite of") + " the " + one + ".", {}}};
  if (luck.below(2) == 0) {
    std::swap(s[0], s[1]);
  }
  s[1].questions = {asked(other, two[same ? side : 1 - side])};
  return s;
}
