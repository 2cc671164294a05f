// SPDX-License-Identifier: MIT
// Conversations: a user tells a small story of one or two scenes, whose sentences are interleaved, and asks about it.
#pragma once

#include "scenes.hpp"

#include <array>
#include <optional>
#include <unordered_set>

// The same seed gives the same stories, without repetition. One story in sixteen is held out: only a world with
// `held_out` tells it, and no other story has it as its part before a question.
class world {
 public:
  world(std::uint64_t seed, bool held_out) : luck_(seed), held_out_(held_out) {}

  struct turn {
    std::string said;    // sentences, a question, or both
    std::string answer;  // "I see." where nothing was asked
  };
  struct told {
    std::string text;                 // all sentences
    std::vector<question> questions;  // those that may be asked at the end, in random order
    std::vector<turn> turns;          // the conversation in which the story is told
  };

  told next() {
    for (;;) {
      told story;
      if (tell(story) && known_.insert(hash(story.text)).second) return story;
    }
  }

 private:
  using kind = scene (*)(cast&, chance&);
  // Kinds that are hard to learn are more frequent.
  static constexpr kind kinds[] = {place,   place,     place,    giving,   giving,
                                   giving,  ordering,  ordering, ordering, counting,
                                   pronoun, opposites, opposites};

  // Returns false if the story must not be used: if it is not held out although it should be or, without `held_out`,
  // if the story or its part before a question is held out.
  bool tell(told& story) {
    cast all(luck_);
    const kind first = luck_.one_of(kinds);
    std::vector<scene> scenes = {first(all, luck_)};
    if (luck_.below(4) != 0) {
      kind second = first;
      while (second == first) second = luck_.one_of(kinds);
      scenes.push_back(second(all, luck_));
    }
    bool held_out = false;
    turn now;
    std::array<std::vector<question>, 2> open;  // the questions that may be asked about each scene
    std::array<std::size_t, 2> at{};
    for (std::vector<std::size_t> going = unfinished(scenes, at); !going.empty();) {
      const std::size_t one = luck_.one_of(going);
      event& next = scenes[one][at[one]++];
      add(story.text, next.sentence);
      add(now.said, next.sentence);
      open[one] = std::move(next.questions);
      going = unfinished(scenes, at);
      if (going.empty() || luck_.below(4) != 0) continue;
      end(now, open, story);
      held_out = held_out || is_held_out(story.text);
    }
    for (const std::vector<question>& some : open)
      story.questions.insert(story.questions.end(), some.begin(), some.end());
    luck_.shuffle(story.questions);
    for (std::size_t i = luck_.between(2, 5); i > 0; --i) end(now, open, story);
    const bool is = is_held_out(story.text);
    return held_out_ ? is : !is && !held_out;
  }

  static std::vector<std::size_t> unfinished(const std::vector<scene>& scenes,
                                             const std::array<std::size_t, 2>& at) {
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < scenes.size(); ++i)
      if (at[i] < scenes[i].size()) which.push_back(i);
    return which;
  }

  // Ends a turn with one of the open questions, which is then removed, or without a question.
  void end(turn& now, std::array<std::vector<question>, 2>& open, told& story) {
    std::vector<std::size_t> some;
    for (std::size_t i = 0; i < open.size(); ++i)
      if (!open[i].empty()) some.push_back(i);
    if (now.said.empty() && some.empty()) return;
    if (some.empty() || (!now.said.empty() && luck_.below(8) == 0)) {
      now.answer = "I see.";
    } else {
      std::vector<question>& from = open[luck_.one_of(some)];
      luck_.shuffle(from);
      add(now.said, from.back().text);
      now.answer = from.back().answer;
      from.pop_back();
    }
    story.turns.push_back(std::move(now));
    now = {};
  }

  static void add(std::string& text, const std::string& sentence) {
    if (!text.empty()) text += ' ';
    text += sentence;
  }

  static bool is_held_out(const std::string& story) { return hash(story) % 16 == 0; }
  // FNV-1a.
  static std::uint64_t hash(const std::string& text) {
    std::uint64_t number = 0xCBF29CE484222325;
    for (const char c : text) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    return number ^ (number >> 32);
  }

  chance luck_;
  bool held_out_;
  std::unordered_set<std::uint64_t> known_;
};
