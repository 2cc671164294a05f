// SPDX-License-Identifier: MIT
// The sentences of a scene, and the questions about it.
#pragma once

#include <string>
#include <vector>

struct question {
  const char* kind;    // "giving", "place", ...
  std::string text;    // "Who has the key?"
  std::string answer;  // "Ada."
};

struct event {
  std::string sentence;
  // The questions about the scene that may be asked after this sentence and before the scene's next sentence.
  std::vector<question> questions;
};

using scene = std::vector<event>;  // in the order in which things happen
