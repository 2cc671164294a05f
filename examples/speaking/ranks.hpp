// SPDX-License-Identifier: MIT
// Replaces this program by another one in the same folder, on several processes of an MPI.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(HEED_EXAMPLE_MPIEXEC) && __has_include(<unistd.h>)
#include <cstdlib>

#include <unistd.h>
#endif

// Starts `name` on `ranks` processes, with the arguments but for `--ranks N`. Does not return; throws
// std::runtime_error if the program cannot be started.
[[noreturn]] inline void become_ranks(const char* name, int ranks, char** arguments) {
#if defined(HEED_EXAMPLE_MPIEXEC) && __has_include(<unistd.h>)
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  const auto other = self.parent_path() / name;
  if (!std::filesystem::exists(other))
    throw std::runtime_error("--ranks: there is no " + other.string() + "; build " + name);
  std::vector<std::string> words{HEED_EXAMPLE_MPIEXEC, "-n", std::to_string(ranks), other.string()};
  for (char** word = arguments + 1; *word != nullptr; ++word) {
    const std::string text = *word;
    if (text == "--ranks" && word[1] != nullptr)
      ++word;
    else if (text.rfind("--ranks=", 0) != 0)
      words.push_back(text);
  }
  std::vector<char*> line;
  for (std::string& word : words) line.push_back(word.data());
  line.push_back(nullptr);
  ::setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);  // more ranks than cores, with Open MPI
  ::execvp(line[0], line.data());
  throw std::runtime_error("--ranks: " + words[0] + " could not be started");
#else
  (void)ranks, (void)arguments;
  throw std::runtime_error("--ranks needs an MPI, without which this program was built; " +
                           std::string(name) + " would be built with one");
#endif
}
