// SPDX-License-Identifier: MIT
// The frame of every program: reads the options, runs, and prints an error message if an exception is thrown or if
// standard output cannot be written, for example to a full disk.
//
//   int main(int count, char** arguments) {
//     return program<options>("quiz", "Asks a model questions.", count, arguments, run);
//   }
#pragma once

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

// Options must have add_to(CLI::App&); run(const Options&) returns the exit status. `about`: a sentence for --help.
template <class Options, class Run>
int program(const char* name, const char* about, int count, char** arguments, const Run& run) {
  CLI::App app(about);
  Options given;
  given.add_to(app);
  CLI11_PARSE(app, count, arguments);
  try {
    const int status = run(given);
    std::cout.flush();
    if (!std::cout || std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw std::runtime_error("standard output: cannot be written");
    return status;
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
    return 1;
  }
}
