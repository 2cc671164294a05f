// SPDX-License-Identifier: MIT
// Files written byte by byte, and folders that are removed when a test ends.
//
//   support::bytes file;
//   file.add(std::uint32_t(3)).text("GGUF");
//   heed::detail::parse_gguf(file.view(), "a.gguf");
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace support {

class bytes {
 public:
  bytes() = default;
  explicit bytes(std::string_view text) { raw(text); }

  template <class Number>
  bytes& add(Number number) {
    const auto* first = reinterpret_cast<const std::byte*>(&number);
    all_.insert(all_.end(), first, first + sizeof number);
    return *this;
  }
  bytes& raw(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    all_.insert(all_.end(), first, first + text.size());
    return *this;
  }
  // Its length in 8 bytes before it.
  bytes& text(std::string_view text) { return add<std::uint64_t>(text.size()).raw(text); }
  bytes& zeros(std::size_t count) { return all_.resize(all_.size() + count), *this; }
  bytes& pad_to(std::size_t alignment) {
    return zeros((alignment - all_.size() % alignment) % alignment);
  }

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] std::span<const std::byte> view() const { return all_; }
  [[nodiscard]] std::span<const std::byte> first(std::size_t count) const {
    return view().first(count);
  }

 private:
  std::vector<std::byte> all_;
};

// A folder of its own.
class temporary_folder {
 public:
  temporary_folder()
      : path_(std::filesystem::path(testing::TempDir()) /
              ("heed_" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directory(path_);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::span<const std::byte> content) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
    return path_ / name;
  }
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    return write(name, std::as_bytes(std::span(content)));
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace support
