// SPDX-License-Identifier: MIT
// Writes conversations about small stories: training data that a small model can learn.
//
//   world 3                  three conversations, separated by empty lines; lines of the user and answers alternate;
//                            each line begins with a space, so that a word is the same token at the begin of a line
//   world 3 --seed 7         three others
//   world 3 --held-out       three for tests, which no seed writes without --held-out
//   world 3 --held-out --questions   a line for each question: kind, story and question, answer, separated by tabs
#include "world.hpp"

#include <charconv>
#include <cstring>
#include <iostream>
#include <string_view>

namespace {

struct options {
  std::uint64_t stories = 6, seed = 1;
  bool held_out = false, questions = false;
};

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Reads the arguments; returns the first that is not valid, or nullptr.
const char* read(int count, char** arguments, options& given) {
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--held-out") {
      given.held_out = true;
    } else if (argument == "--questions") {
      given.questions = true;
    } else if (argument == "--seed" && i + 1 < count) {
      if (!read_number(arguments[++i], given.seed)) return arguments[i];
    } else if (!read_number(argument, given.stories)) {
      return arguments[i];
    }
  }
  return nullptr;
}

}  // namespace

int main(int count, char** arguments) {
  options given;
  if (const char* const wrong = read(count, arguments, given)) {
    const bool help = std::strcmp(wrong, "--help") == 0;
    (help ? std::cout : std::cerr) << (help ? "" : std::string("world: what is ") + wrong + "?\n")
                                   << "world [STORIES] [--seed NUMBER] [--held-out] [--questions]\n"
                                      "Writes conversations about small stories.\n";
    return help ? 0 : 2;
  }
  world stories(given.seed, given.held_out);
  for (std::uint64_t i = 0; i < given.stories; ++i) {
    const world::told story = stories.next();
    if (given.questions) {
      for (const question& asked : story.questions)
        std::cout << asked.kind << '\t' << story.text << ' ' << asked.text << '\t' << asked.answer
                  << '\n';
    } else {
      for (const world::turn& turn : story.turns)
        std::cout << ' ' << turn.said << "\n " << turn.answer << '\n';
      std::cout << '\n';
    }
  }
  return std::cout.good() ? 0 : 1;
}
