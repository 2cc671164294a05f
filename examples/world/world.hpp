// SPDX-License-Identifier: MIT
// Small stories of two scenes that are told at the same time, with questions; no story comes twice.
#pragma once

#include "scenes.hpp"

#include <unordered_set>

// The same seed, the same stories. One story in sixteen is held out: it is told where those that are held out
// are asked for, and nowhere else, so that a model that learns from the others has never seen it.
class world {
 public:
  world(std::uint64_t seed, bool held_out) : luck_(seed), held_out_(held_out) {}

  struct told {
    std::string text;                 // all sentences
    std::vector<question> questions;  // of both scenes, in any order
  };

  told next() {
    for (;;) {
      told story = tell();
      const std::uint64_t number = hash(story.text);
      if ((number % 16 == 0) == held_out_ && known_.insert(number).second) return story;
    }
  }

 private:
  using kind = scene (*)(cast&, chance&);
  static constexpr kind kinds[] = {giving, place, pronoun, counting, ordering, opposites};

  told tell() {
    cast all(luck_);
    const std::size_t first = luck_.below(std::size(kinds));
    const std::size_t second = (first + luck_.between(1, std::size(kinds) - 1)) % std::size(kinds);
    scene scenes[] = {kinds[first](all, luck_), kinds[second](all, luck_)};
    told story;
    std::size_t at[] = {0, 0};
    while (at[0] < scenes[0].sentences.size() || at[1] < scenes[1].sentences.size()) {
      std::size_t one = luck_.below(2);
      if (at[one] == scenes[one].sentences.size()) one = 1 - one;
      if (!story.text.empty()) story.text += ' ';
      story.text += scenes[one].sentences[at[one]++];
    }
    for (scene& some : scenes)
      for (question& asked : some.questions) story.questions.push_back(std::move(asked));
    luck_.shuffle(story.questions);
    return story;
  }

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
