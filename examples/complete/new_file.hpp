// SPDX-License-Identifier: MIT
// A file that appears under its name when it is whole, or not at all.
//
//   complete::new_file file("heads.svg");  // throws std::runtime_error if it cannot be made
//   file.commit(text);                     // without this, nothing remains
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
    std::error_code none;
    const auto status = std::filesystem::status(name, none);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      fail("it is no plain file");
    target_ = std::filesystem::weakly_canonical(name, none);  // through links
    if (none) target_ = name;
    part_ = target_;
    part_ += ".part";
    file_ = std::fopen(part_.string().c_str(), "wbx");  // x: never over someone's file
    if (file_ == nullptr) {
      const int why = errno;
      part_.clear();
      fail(why == EEXIST ? name + ".part is in the way" : std::generic_category().message(why));
    }
  }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;
  ~new_file() {
    if (file_ != nullptr) std::fclose(file_);
    std::error_code ignored;
    if (!part_.empty()) std::filesystem::remove(part_, ignored);
  }

  void commit(const std::string& text) {
    errno = 0;
    const bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size();
    const int why = errno;
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    if (!written || !closed) fail(std::generic_category().message(written ? errno : why));
    std::error_code error;
    std::filesystem::rename(part_, target_, error);
    if (error) fail(error.message());
    part_.clear();
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error("cannot write " + name_ + ": " + why);
  }

  std::string name_;
  std::filesystem::path target_;
  std::filesystem::path part_;
  std::FILE* file_ = nullptr;
};

}  // namespace complete
