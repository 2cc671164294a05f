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

struct scene {
  std::vector<std::string> sentences;  // in the order in which things happen
  std::vector<question> questions;
};
