// SPDX-License-Identifier: MIT
// A file that is written under another name and renamed when it is complete (atomic replacement).
//
//   heed::detail::new_file file("model.safetensors");
//   file.write(bytes);
//   file.commit();  // without it, nothing is left behind
#pragma once

#include <heed/io/file_error.hpp>  // refuse_file

#include <cerrno>        // errno
#include <cstddef>       // byte
#include <cstdio>        // fopen, fwrite
#include <filesystem>    // path, rename, remove
#include <random>        // random_device
#include <span>          // span
#include <string>        // string
#include <system_error>  // error_code, generic_category
#include <utility>       // exchange

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>  // fsync
#endif

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Writes to a temporary file in the same folder, which is renamed at the end: a program that has
// the old file open or mapped keeps the old file, and a program that is killed leaves the old file
// unchanged.
class new_file {
 public:
  explicit new_file(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      refuse("it is no plain file");
    target_ = std::filesystem::canonical(path_, error);  // what a link leads to
    if (error) target_ = path_;
    part_ = target_;
    part_ += '.' + std::to_string(std::random_device{}()) + ".part";
#if defined(_WIN32)
    file_ = ::_wfopen(part_.c_str(), L"wbx");
#else
    file_ = std::fopen(part_.c_str(), "wbx");  // x: never over a file that is there
#endif
    if (file_ == nullptr) refuse(std::generic_category().message(errno));
  }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;
  ~new_file() { discard(); }

  void write(std::span<const std::byte> bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail(errno);
  }

  // Waits until the bytes are on the disk, then renames.
  void commit() {
    bool written = std::fflush(file_) == 0;
#if defined(__unix__) || defined(__APPLE__)
    written = written && (::fsync(::fileno(file_)) == 0 || errno == EINVAL);
#endif
    if (!written) fail(errno);
    const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
    std::error_code error;
    if (!closed)
      error.assign(errno, std::generic_category());
    else
      std::filesystem::rename(part_, target_, error);
    if (error) {
      std::error_code ignored;
      std::filesystem::remove(part_, ignored);
      refuse(error.message());
    }
  }

 private:
  void discard() noexcept {
    if (file_ == nullptr) return;
    std::fclose(std::exchange(file_, nullptr));
    std::error_code ignored;
    std::filesystem::remove(part_, ignored);
  }
  [[noreturn]] void fail(int error) {
    discard();
    refuse(std::generic_category().message(error));
  }
  [[noreturn]] void refuse(const std::string& why) const {
    refuse_file(path_.string(), ": cannot be written: ", why);
  }

  std::filesystem::path path_, target_, part_;
  std::FILE* file_ = nullptr;
};

// Writes a whole file of this text, or none.
inline void write_text(const std::filesystem::path& path, const std::string& text) {
  new_file file(path);
  file.write(std::as_bytes(std::span(text)));
  file.commit();
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
