// SPDX-License-Identifier: MIT
// Stop strings: ends a text that is generated piece by piece at the first of some strings.
//
//   heed::stop_strings stop({"\nUser:"});
//   stop.push("Paris.\nUs");  // "Paris."; "\nUs" may be the beginning of the string
//   stop.push("er: and");     // "", and stop.found() is true
#pragma once

#include <heed/core/check.hpp>  // require

#include <algorithm>    // min
#include <string>       // string
#include <string_view>  // string_view
#include <utility>      // move
#include <vector>       // vector

namespace heed {
inline namespace HEED_ABI {

// Passes text on, but neither a stop string nor what follows it, and holds back the beginning of a
// possible stop string until later text decides. The string that is complete first ends the text,
// the longest if several are. The text is bytes: pieces may end within a character.
class stop_strings {
 public:
  // Throws shape_error for an empty string, which would end every text. None: nothing ends the text.
  explicit stop_strings(std::vector<std::string> strings) : strings_(std::move(strings)) {
    for (const std::string& some : strings_)
      detail::require(!some.empty(), "heed::stop_strings: one of ", strings_.size(),
                      " strings is empty");
  }

  // The text that may be shown after this piece: empty once a string has been found.
  std::string push(std::string_view piece) {
    if (found_) return {};
    held_ += piece;
    std::size_t shown = held_.size(), place = std::string::npos, end = std::string::npos;
    for (const std::string& some : strings_) {
      shown = (std::min)(shown, begins(some));
      const std::size_t from = held_.find(some);
      if (from == std::string::npos) continue;
      const std::size_t to = from + some.size();
      if (to < end || (to == end && from < place)) place = from, end = to;
    }
    found_ = end != std::string::npos;
    return take(found_ ? place : shown);
  }

  // The text held back at the end; empty if a string has been found.
  std::string finish() { return found_ ? std::string() : take(held_.size()); }

  [[nodiscard]] bool found() const { return found_; }

 private:
  // The place of the longest end of the held text that is a beginning of `string`.
  [[nodiscard]] std::size_t begins(const std::string& string) const {
    const std::size_t size = held_.size();
    for (std::size_t some = (std::min)(size, string.size() - 1); some > 0; --some)
      if (std::string_view(held_).substr(size - some) == std::string_view(string).substr(0, some))
        return size - some;
    return size;
  }

  std::string take(std::size_t count) {
    std::string first = held_.substr(0, count);
    held_.erase(0, count);
    return first;
  }

  std::vector<std::string> strings_;
  std::string held_;  // text not shown yet, which may be the beginning of a stop string
  bool found_ = false;
};

}  // namespace HEED_ABI
}  // namespace heed
