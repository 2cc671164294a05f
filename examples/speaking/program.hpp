// SPDX-License-Identifier: MIT
// What every program does around its work: it reads its options, and ends with a sentence where something is
// wrong, also where what it printed went nowhere, as on a full disk.
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

// Options has add_to(CLI::App&); run(const Options&) gives the exit status.
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
