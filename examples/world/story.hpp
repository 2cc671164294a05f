// SPDX-License-Identifier: MIT
// What a scene tells, and what may be asked about it.
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
  // What may be asked of the scene once the sentence has been told and until the next of the scene is.
  std::vector<question> questions;
};

using scene = std::vector<event>;  // in the order in which things happen
