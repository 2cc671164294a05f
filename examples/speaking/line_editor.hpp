// SPDX-License-Identifier: MIT
// Reads lines from the user: with the keys and history of libedit if it is compiled in and input is a terminal,
// otherwise from standard input.
#pragma once

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#ifdef HEED_EXAMPLE_LIBEDIT
#include <editline/readline.h>
#include <unistd.h>
#endif

class line_editor {
 public:
  // The next line; none at the end of input.
  std::optional<std::string> ask(const char* prompt) {
#ifdef HEED_EXAMPLE_LIBEDIT
    if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) {
      char* const typed = readline(prompt);
      if (typed == nullptr) return std::nullopt;
      std::string line = typed;
      std::free(typed);
      if (!line.empty()) add_history(line.c_str());
      return line;
    }
#endif
    std::cout << prompt << std::flush;
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }
};
