// SPDX-License-Identifier: MIT
// Splits a text at empty lines into paragraphs, which are separate texts for training.
#pragma once

#include "corpus.hpp"

#include <string_view>

// The tokens of all paragraphs, each with the end of its last line. With `answers`, the lines of a paragraph alternate
// between two speakers, and only the lines of the second are targets; throws std::runtime_error if there are none.
inline token_text read_paragraphs(const heed::tokenizer& text, std::string_view words,
                                  bool answers) {
  token_text made;
  bool begins = true, answer = false;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find('\n', at), words.size() - 1) + 1;
    const std::string_view line = words.substr(at, end - at);
    at = end;
    if (line == "\n") {
      begins = true;
      continue;
    }
    if (begins) made.begins.push_back(static_cast<heed::index>(made.ids.size()));
    answer = !begins && !answer;
    begins = false;
    const std::vector<heed::index> some = text.encode(line, {.add_special_tokens = false});
    made.ids.insert(made.ids.end(), some.begin(), some.end());
    made.learned.resize(made.ids.size(), answer);
  }
  if (!answers)
    made.learned.clear();
  else if (std::find(made.learned.begin(), made.learned.end(), true) == made.learned.end())
    throw std::runtime_error("--answers: no paragraph has a second line");
  return made;
}
