// SPDX-License-Identifier: MIT
// The exception for files: its message names the file and states what was expected and what was
// found.
//
//   heed::read_gguf("model.bin");
//   // throws heed::file_error: model.bin: this is no GGUF file: its first four bytes are not "GGUF"
#pragma once

#include <heed/core/check.hpp>  // require, refuse_in

#include <stdexcept>    // runtime_error
#include <string>       // string
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// Thrown when a file cannot be read or written, or has contents that are not valid.
class file_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

// Text from a file, for an error message: in quotation marks, cut after 80 bytes, and without
// control characters, which a terminal would execute.
struct quoted {
  std::string_view text;

  friend void append(std::string& sentence, const quoted& q) {
    constexpr std::size_t most = 80;
    sentence += '"';
    for (const char c : q.text.substr(0, most))
      sentence += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    sentence += q.text.size() > most ? "...\"" : "\"";
  }
};

// A shape: 2x3x4.
template <class Sizes>
struct shape_text {
  const Sizes& sizes;

  friend void append(std::string& sentence, const shape_text& s) {
    if (s.sizes.empty()) sentence += "a single value";
    bool first = true;
    for (const auto size : s.sizes) {
      if (!first) sentence += 'x';
      sentence += std::to_string(size);
      first = false;
    }
  }
};
template <class Sizes>
shape_text(const Sizes&) -> shape_text<Sizes>;

// Throws file_error unless `holds`; the sentence is put together only then.
template <class... Parts>
void require_file(bool holds, const Parts&... parts) {
  require<file_error>(holds, parts...);
}
template <class... Parts>
[[noreturn]] void refuse_file(const Parts&... parts) {
  refuse_in<file_error>({part(parts)...});
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
