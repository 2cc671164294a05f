// SPDX-License-Identifier: MIT
// Finds what standard input and output are connected to, and colours text if a terminal shows it.
#pragma once

#include <sys/stat.h>  // fstat

#include <cstdio>   // fileno
#include <cstdlib>  // getenv
#include <string>   // string

#ifdef _WIN32
#include <fcntl.h>  // _O_BINARY
#include <io.h>     // _isatty, _setmode
#else
#include <unistd.h>  // isatty
#endif

namespace complete {

#ifdef _WIN32
inline bool is_terminal(std::FILE* file) { return _isatty(_fileno(file)) != 0; }

// Switches off the translation of line ends in standard input and output.
inline void pass_bytes_unchanged() {
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
}

inline bool input_is_given() {
  struct _stat64 what;
  if (_fstat64(_fileno(stdin), &what) != 0) return false;
  return (what.st_mode & _S_IFMT) == _S_IFREG || (what.st_mode & _S_IFMT) == _S_IFIFO;
}
#else
inline bool is_terminal(std::FILE* file) { return isatty(fileno(file)) != 0; }
inline void pass_bytes_unchanged() {}

// Whether standard input is a file or a pipe, rather than a terminal or /dev/null.
inline bool input_is_given() {
  struct stat what;
  if (fstat(fileno(stdin), &what) != 0) return false;
  return S_ISREG(what.st_mode) || S_ISFIFO(what.st_mode);
}
#endif

// See no-color.org.
inline bool colour_is_wanted() {
  const char* refused = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool simple = kind != nullptr && std::string(kind) == "dumb";
  return is_terminal(stdout) && !simple && (refused == nullptr || *refused == '\0');
}

// Emphasises text by colours, or leaves it plain.
struct style {
  bool colour;

  std::string bold(const std::string& text) const { return wrap("1", text); }
  std::string faint(const std::string& text) const { return wrap("2", text); }
  std::string bright(const std::string& text) const { return wrap("1;36", text); }
  std::string wrap(const std::string& code, const std::string& text) const {
    return colour ? "\033[" + code + "m" + text + "\033[0m" : text;
  }
};

}  // namespace complete
