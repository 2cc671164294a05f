// SPDX-License-Identifier: MIT
// Writes a file that appears under its name only when it is complete.
//
//   complete::new_file file("heads.svg");  // throws std::runtime_error if it could not be written
//   file.write(text);
#pragma once

#include <cerrno>        // errno
#include <cstdio>        // fopen, fwrite
#include <filesystem>    // path, rename, remove
#include <stdexcept>     // runtime_error
#include <string>        // string
#include <system_error>  // error_code, generic_category

namespace complete {

class new_file {
 public:
  explicit new_file(const std::string& name) : name_(name) {
    std::error_code error;
    const auto status = std::filesystem::status(name, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      fail("it is no plain file");
    target_ = std::filesystem::weakly_canonical(name, error);  // what a link leads to
    if (error) target_ = name;
    part_ = target_;
    part_ += ".part";
    std::fclose(open());
    std::filesystem::remove(part_, error);
  }

  // Writes a file with the ending .part in the same folder, then renames it.
  void write(const std::string& text) const {
    std::FILE* file = open();
    errno = 0;
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const bool flushed = std::fflush(file) == 0;
    std::error_code error(errno, std::generic_category());
    std::fclose(file);
    if (written && flushed) std::filesystem::rename(part_, target_, error);
    if (!error) return;
    std::error_code ignored;
    std::filesystem::remove(part_, ignored);
    fail(error.message());
  }

 private:
  std::FILE* open() const {
    std::FILE* file = std::fopen(part_.string().c_str(), "wbx");  // x: fails if the file exists
    if (file != nullptr) return file;
    fail(errno == EEXIST ? part_.string() + " is in the way"
                         : std::generic_category().message(errno));
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error("cannot write " + name_ + ": " + why);
  }

  std::string name_;
  std::filesystem::path target_;
  std::filesystem::path part_;
};

}  // namespace complete
