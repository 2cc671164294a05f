// SPDX-License-Identifier: MIT
// SentencePiece's table of replacements (charsmap), which model files contain: a double-array trie
// (Aoe, 1989) of the strings to replace, and the texts that replace them.
//
//   detail::text::charsmap nmt_nfkc(bytes);
//   nmt_nfkc.longest("ﬁn", 0);  // {3 bytes, "fi"}
#pragma once

#include <heed/text/tokenizer_error.hpp>  // tokenizer_error, require
#include <heed/text/utf8.hpp>             // byte_of

#include <cstdint>   // uint32_t
#include <optional>  // optional
#include <vector>    // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class charsmap {
 public:
  struct replacement {
    std::size_t length;  // bytes replaced
    std::string_view text;
  };

  charsmap() = default;

  // The bytes are: the array's size in four bytes, the array's units of four bytes, all little-endian, and
  // texts that each end with a zero byte. Throws tokenizer_error if they are too short.
  explicit charsmap(std::string_view bytes) {
    if (bytes.empty()) return;
    require<tokenizer_error>(bytes.size() >= 4, "a precompiled charsmap of ", bytes.size(),
                             " bytes is too short");
    const std::size_t size = word(bytes, 0);
    require<tokenizer_error>(size % 4 == 0 && size <= bytes.size() - 4,
                             "a precompiled charsmap says that its array has ", size,
                             " bytes, and has ", bytes.size() - 4, " bytes in all");
    for (std::size_t at = 4; at < size + 4; at += 4) units_.push_back(word(bytes, at));
    texts_ = bytes.substr(size + 4);
  }

  // The replacement of the longest, or of the shortest, string in the table with which text[at ...]
  // begins; none if there is no such string.
  [[nodiscard]] std::optional<replacement> longest(std::string_view text, std::size_t at) const {
    return search(text, at, false);
  }
  [[nodiscard]] std::optional<replacement> shortest(std::string_view text) const {
    return search(text, 0, true);
  }

 private:
  static std::uint32_t word(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | byte_of(bytes[at + i]);
    return value;
  }

  // A unit as darts-clone stores it: a label, whether a string ends here, and the offset of its children.
  [[nodiscard]] static std::uint32_t offset_of(std::uint32_t unit) {
    return (unit >> 10) << ((unit & 0x200U) >> 6);
  }

  [[nodiscard]] std::optional<replacement> search(std::string_view text, std::size_t at,
                                                  bool first) const {
    std::optional<replacement> best;
    if (units_.empty()) return best;
    std::size_t node = offset_of(units_[0]);
    for (std::size_t end = at; end < text.size(); ++end) {
      node ^= byte_of(text[end]);
      if (node >= units_.size()) break;
      const std::uint32_t unit = units_[node];
      if ((unit & 0x800000FFU) != byte_of(text[end])) break;
      node ^= offset_of(unit);
      if ((unit >> 8 & 1) == 0) continue;
      if (node >= units_.size()) break;
      const std::size_t place = units_[node] & 0x7FFFFFFFU;
      if (place >= texts_.size()) break;
      const std::string_view rest = std::string_view(texts_).substr(place);
      best = replacement{end + 1 - at, rest.substr(0, rest.find('\0'))};
      if (first) break;
    }
    return best;
  }

  std::vector<std::uint32_t> units_;
  std::string texts_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
