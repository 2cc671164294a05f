// SPDX-License-Identifier: MIT
// Reads little-endian numbers and texts from bytes, one after the other, and never beyond the last.
//
//   heed::detail::byte_reader reader(bytes, "model.gguf");
//   const auto version = reader.number<std::uint32_t>("the version");
//   // throws heed::file_error: model.gguf: ends within the version: 4 bytes at byte 4 were expected, 2 are left
#pragma once

#include <heed/core/types.hpp>     // index
#include <heed/io/file_error.hpp>  // require_file

#include <bit>      // endian
#include <cstddef>  // byte, size_t
#include <cstdint>  // uint64_t
#include <cstring>  // memcpy
#include <span>     // span

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A file's bytes as text.
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

static_assert(std::endian::native == std::endian::little,
              "heed: files of weights are little-endian, and are read on such machines only");

class byte_reader {
 public:
  // `file`: the file's name in error messages; the reader refers to it.
  byte_reader(std::span<const std::byte> bytes, const std::string& file)
      : bytes_(bytes), file_(file) {}

  [[nodiscard]] std::size_t place() const { return place_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - place_; }
  [[nodiscard]] const std::string& file() const { return file_; }

  // The next `size` bytes; `what` names them in the error message if fewer are left.
  std::span<const std::byte> take(std::size_t size, const char* what) {
    require_file(size <= left(), file_, ": ends within ", what, ": ", size, " bytes at byte ",
                 place_, " were expected, ", left(), " are left");
    const auto taken = bytes_.subspan(place_, size);
    place_ += size;
    return taken;
  }

  template <class Number>
  Number number(const char* what) {
    Number read;
    std::memcpy(&read, take(sizeof read, what).data(), sizeof read);
    return read;
  }

  // A count of items that take at least `least_bytes` each: refused if the file has fewer bytes
  // left.
  std::size_t count(std::size_t least_bytes, const char* what) {
    const auto given = number<std::uint64_t>(what);
    require_file(given <= left() / least_bytes, file_, ": ", what, " is ", given, ", but only ",
                 left(), " bytes are left");
    return given;
  }

  // A text: its length in 8 bytes, then as many bytes.
  std::string_view text(const char* what) {
    const auto bytes = take(number<std::uint64_t>(what), what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& file_;
  std::size_t place_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
