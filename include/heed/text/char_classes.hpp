// SPDX-License-Identifier: MIT
// Oniguruma's classes of characters in one table: the members of \p{L}, \p{N}, \s and others.
//
//   detail::text::onig_classes().of(U'é') & detail::text::char_class::letter;  // not 0
#pragma once

#include <heed/text/pattern.hpp>  // Oniguruma

#include <cstdint>  // uint16_t
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

namespace char_class {
enum bits : std::uint16_t {
  letter = 1,        // \p{L}
  number = 2,        // \p{N}
  space = 4,         // \s
  mark = 8,          // \p{M}
  punctuation = 16,  // \p{P}
  symbol = 32,       // \p{S}
  upper = 64,        // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
  lower = 128,       // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
  word = 256,        // Unicode's \w (UTS #18): [\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]
  newline = 512,     // [\r\n]
};
}  // namespace char_class

class char_classes {
 public:
  char_classes() : pages_(code_points / page_size), bits_(page_size) {
    using namespace char_class;
    std::vector<std::uint16_t> all(code_points);
    const auto add = [&](const char* name, unsigned bits) {
      const auto* first = reinterpret_cast<const OnigUChar*>(name);
      OnigEncoding utf8 = ONIG_ENCODING_UTF8;
      const int type = utf8->property_name_to_ctype(
          utf8, const_cast<OnigUChar*>(first),
          const_cast<OnigUChar*>(first + std::string_view(name).size()));
      OnigCodePoint single_bytes = 0;
      const OnigCodePoint* ranges = nullptr;
      require<tokenizer_error>(type >= 0 &&
                                   utf8->get_ctype_code_range(static_cast<OnigCtype>(type),
                                                              &single_bytes, &ranges) == 0 &&
                                   ranges != nullptr,
                               "Oniguruma has no class of characters named ", name);
      for (OnigCodePoint i = 0; i < ranges[0]; ++i)
        for (OnigCodePoint c = ranges[2 * i + 1]; c <= ranges[2 * i + 2] && c < code_points; ++c)
          all[c] = static_cast<std::uint16_t>(all[c] | bits);
    };
    add("L", letter);
    add("N", number);
    add("M", mark | upper | lower | word);
    add("P", punctuation);
    add("S", symbol);
    add("Space", space);
    for (const char* name : {"Lu", "Lt", "Lm", "Lo"}) add(name, upper);
    for (const char* name : {"Ll", "Lm", "Lo"}) add(name, lower);
    for (const char* name : {"Alphabetic", "Nd", "Pc", "Join_Control"}) add(name, word);
    for (const char c : {'\r', '\n'}) all[byte_of(c)] |= newline;
    fold(all);
  }

  [[nodiscard]] unsigned of(char32_t c) const {
    return c < code_points ? bits_[std::size_t(pages_[c / page_size]) * page_size + c % page_size]
                           : 0;
  }

 private:
  static constexpr std::size_t code_points = 0x110000, page_size = 256;

  // Stores equal pages once; few differ.
  void fold(const std::vector<std::uint16_t>& all) {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(page * page_size);
      std::size_t kept = 0;
      while (kept * page_size < bits_.size() &&
             !std::equal(first, first + page_size,
                         bits_.begin() + static_cast<std::ptrdiff_t>(kept * page_size)))
        ++kept;
      if (kept * page_size == bits_.size()) bits_.insert(bits_.end(), first, first + page_size);
      pages_[page] = static_cast<std::uint16_t>(kept);
    }
  }

  std::vector<std::uint16_t> pages_;
  std::vector<std::uint16_t> bits_;
};

inline const char_classes& onig_classes() {
  static const char_classes classes;
  return classes;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
