// SPDX-License-Identifier: MIT
// The different tokens of a text, numbered in the order in which they first appear.
//
//   complete::vocabulary words(complete::cut("to be or not to be"));
//   words.ids();     // 0 1 2 1 3 1 4 1 0 1 2
//   words.token(2);  // "be"
#pragma once

#include <heed/core/types.hpp>  // index

#include <string_view>    // string_view
#include <unordered_map>  // unordered_map
#include <vector>         // vector

namespace complete {

using heed::index;

// Refers to the text that the tokens refer to.
class vocabulary {
 public:
  explicit vocabulary(const std::vector<std::string_view>& tokens) {
    std::unordered_map<std::string_view, index> number;
    for (const std::string_view token : tokens) {
      const auto [place, is_new] = number.try_emplace(token, size());
      if (is_new) tokens_.push_back(token);
      ids_.push_back(place->second);
    }
  }

  index size() const { return static_cast<index>(tokens_.size()); }
  std::string_view token(index id) const { return tokens_[static_cast<std::size_t>(id)]; }
  const std::vector<index>& ids() const { return ids_; }  // one for each token of the text

 private:
  std::vector<std::string_view> tokens_;
  std::vector<index> ids_;
};

}  // namespace complete
