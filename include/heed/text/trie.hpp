// SPDX-License-Identifier: MIT
// Trie: a prefix tree over bytes, which finds the strings with which a text begins.
//
//   detail::text::trie words;
//   words.insert("in", 0), words.insert("into", 1);
//   words.longest("intolerable");  // {4 bytes, value 1}
#pragma once

#include <heed/text/number_map.hpp>  // number_map
#include <heed/text/utf8.hpp>        // byte_of

#include <limits>  // numeric_limits

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class trie {
 public:
  using value_type = std::uint32_t;
  static constexpr value_type none = (std::numeric_limits<value_type>::max)();

  struct found {
    std::size_t length;  // bytes; 0 where no string was found
    value_type value;
  };

  // Inserts a string; if it exists, replaces its value.
  void insert(std::string_view text, value_type value) {
    std::uint32_t node = 0;
    for (const char c : text) {
      const std::uint32_t* next = steps_.find(key(node, c));
      if (next == nullptr) {
        const auto made = static_cast<std::uint32_t>(values_.size());
        values_.push_back(none);
        steps_.insert(key(node, c), made);
        if (node == 0) first_[byte_of(c)] = made;
        node = made;
      } else {
        node = *next;
      }
    }
    values_[node] = value;
  }

  // Calls visit(length, value) for each string with which text[at ...] begins, short ones first.
  template <class Visit>
  void for_each_prefix(std::string_view text, std::size_t at, const Visit& visit) const {
    if (at >= text.size()) return;
    std::uint32_t node = first_[byte_of(text[at])];
    for (std::size_t end = at + 1; node != 0; ++end) {
      if (values_[node] != none) visit(end - at, values_[node]);
      if (end == text.size()) return;
      const std::uint32_t* next = steps_.find(key(node, text[end]));
      node = next == nullptr ? 0 : *next;
    }
  }

  [[nodiscard]] found longest(std::string_view text, std::size_t at = 0) const {
    found best{0, none};
    for_each_prefix(text, at, [&](std::size_t length, value_type value) {
      best = {length, value};
    });
    return best;
  }

  [[nodiscard]] bool begins(char c) const { return first_[byte_of(c)] != 0; }
  [[nodiscard]] bool empty() const { return values_.size() == 1; }

 private:
  static std::uint64_t key(std::uint32_t node, char c) {
    return std::uint64_t(node) << 8 | byte_of(c);
  }

  std::vector<value_type> values_{none};  // one for each node; node 0 is the root
  std::vector<std::uint32_t> first_ = std::vector<std::uint32_t>(256);
  number_map<std::uint32_t> steps_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
