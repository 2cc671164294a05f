// SPDX-License-Identifier: MIT
// Reads the text to continue: from the command line, a file, standard input, or the built-in passage.
#pragma once

#include "options.hpp"   // options
#include "passage.hpp"   // passage
#include "terminal.hpp"  // input_is_given

#include <cerrno>        // errno
#include <cstdio>        // FILE, fread
#include <filesystem>    // is_directory
#include <memory>        // unique_ptr
#include <stdexcept>     // runtime_error
#include <string>        // string
#include <system_error>  // generic_category

namespace complete {

// Why the last operation on a file failed, in the system's words.
inline std::string reason() { return std::generic_category().message(errno); }

inline std::string read_all(std::FILE* file, const std::string& name) {
  constexpr std::size_t most = std::size_t(256) << 20;
  std::string text;
  char buffer[1 << 16];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, count);
    if (text.size() > most) throw std::runtime_error(name + " is longer than 256 MiB");
  }
  if (std::ferror(file)) throw std::runtime_error("cannot read " + name + ": " + reason());
  return text;
}

// Removes the line end at the end of a text, after which the model would begin a new line.
inline std::string without_last_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

inline std::string read_file(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored))
    throw std::runtime_error(name + " is a folder, not a file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) throw std::runtime_error("cannot open " + name + ": " + reason());
  return without_last_line_end(read_all(file.get(), name));
}

inline std::string text_of(const options& o) {
  if (o.text) return *o.text;
  if (o.file) return read_file(*o.file);
  if (!input_is_given()) return passage;
  return without_last_line_end(read_all(stdin, "standard input"));
}

}  // namespace complete
