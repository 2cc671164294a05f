// SPDX-License-Identifier: MIT
// A memory-mapped file: its bytes are read from the disk when they are accessed.
//
//   const heed::mapped_file file("model.safetensors");
//   file.bytes().size();  // the file's
#pragma once

#include <heed/io/file_error.hpp>  // file_error, refuse_file

#include <cerrno>        // errno
#include <cstddef>       // byte
#include <cstdint>       // uintptr_t
#include <filesystem>    // path
#include <span>          // span
#include <system_error>  // system_category
#include <utility>       // exchange

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>     // open
#include <sys/mman.h>  // madvise, mmap, munmap
#include <sys/stat.h>  // fstat
#include <unistd.h>    // close, sysconf
#elif defined(_WIN32)
#include <heed/io/windows_files.hpp>  // CreateFileW, MapViewOfFile
#else
#include <cstdio>  // fopen, fread
#endif

namespace heed {
inline namespace HEED_ABI {

// Owns the mapping, which is read-only and moves at no cost. The bytes keep their address until the
// destructor unmaps the file. If another program shortens a file while it is mapped, access to the
// missing pages ends the program, so replace files by renaming, as write_safetensors does.
class mapped_file {
 public:
  mapped_file() = default;

  // Throws file_error, with the system's own words, if the file cannot be opened, is no plain file or
  // cannot be mapped.
  explicit mapped_file(const std::filesystem::path& path) { map(path); }

  mapped_file(mapped_file&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  mapped_file& operator=(mapped_file&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;
  ~mapped_file() { unmap(); }

  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(data_), size_};
  }

 private:
  // `error` is the system's error number.
  [[noreturn]] static void refuse(const std::filesystem::path& path, const char* what, int error) {
    detail::refuse_file(path.string(), ": ", what, ": ", std::system_category().message(error));
  }
  void map(const std::filesystem::path& path);
  void unmap() noexcept;

  void* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace detail {

// Lets the system free the memory of whole pages within some bytes of a mapped file; these are read
// again when they are accessed.
inline void release_pages([[maybe_unused]] std::span<const std::byte> bytes) {
#ifdef MADV_DONTNEED
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + bytes.size()) / page * page;
  if (first < end)
    ::madvise(const_cast<std::byte*>(bytes.data()) + (first - begin), end - first, MADV_DONTNEED);
#endif
}

}  // namespace detail

#if defined(__unix__) || defined(__APPLE__)

inline void mapped_file::map(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) refuse(path, "cannot be opened", errno);
  struct stat status = {};
  int error = ::fstat(file, &status) == 0 ? 0 : errno;
  const bool plain = error == 0 && S_ISREG(status.st_mode);
  if (plain && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED)
      error = errno;
    else
      data_ = data, size_ = size;
  }
  ::close(file);
  if (error != 0) refuse(path, "cannot be mapped into memory", error);
  detail::require_file(plain, path.string(), ": is no plain file",
                       S_ISDIR(status.st_mode) ? " but a folder" : "");
}

inline void mapped_file::unmap() noexcept {
  if (data_ != nullptr) ::munmap(data_, size_);
}

#elif defined(_WIN32)

inline void mapped_file::map(const std::filesystem::path& path) {
  const detail::windows_view view = detail::map_windows_file(path.c_str());
  if (view.error != 0) refuse(path, "cannot be opened or mapped", static_cast<int>(view.error));
  data_ = view.data;
  size_ = view.size;
}

inline void mapped_file::unmap() noexcept {
  if (data_ != nullptr) detail::unmap_windows_file(data_);
}

#else  // Read as a whole where nothing can be mapped.

inline void mapped_file::map(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) refuse(path, "cannot be opened", error.value());
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) refuse(path, "cannot be opened", errno);
  size_ = static_cast<std::size_t>(size);
  if (size_ > 0) data_ = ::operator new(size_);
  const bool whole = std::fread(data_, 1, size_, file) == size_;
  std::fclose(file);
  if (!whole) {
    unmap();
    data_ = nullptr;
    detail::refuse_file(path.string(), ": cannot be read to its end");
  }
}

inline void mapped_file::unmap() noexcept { ::operator delete(data_); }

#endif

}  // namespace HEED_ABI
}  // namespace heed
