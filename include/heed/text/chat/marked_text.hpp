// SPDX-License-Identifier: MIT
// Text with a mark for every byte: whether the byte comes from the chat template or from a message
// ("spoken"), which is untrusted input.
//
//   detail::text::marked_text t("<|user|>");
//   t += detail::text::marked_text::spoken("hi");  // t.spoken_parts() is {8, 10}
#pragma once

#include <heed/text/pattern.hpp>          // text_range
#include <heed/text/tokenizer_error.hpp>  // require
#include <heed/text/utf8.hpp>             // char_at

#include <string>   // string
#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class marked_text {
 public:
  marked_text() = default;
  explicit marked_text(std::string text) : text_(std::move(text)), marks_(text_.size(), 't') {}
  static marked_text spoken(std::string text) {
    marked_text made(std::move(text));
    made.marks_.assign(made.text_.size(), 's');
    return made;
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

  marked_text& operator+=(const marked_text& other) {
    require<tokenizer_error>(size() + other.size() <= largest,
                             "a chat template makes a text of more "
                             "than ",
                             largest, " bytes");
    text_ += other.text_;
    marks_ += other.marks_;
    return *this;
  }
  [[nodiscard]] marked_text part(std::size_t first, std::size_t count = std::string::npos) const {
    marked_text made;
    made.text_ = text_.substr(first, count);
    made.marks_ = marks_.substr(first, count);
    return made;
  }
  // Returns another text in place of this one; it is marked as spoken if any byte of this one is.
  [[nodiscard]] marked_text in_place(std::string text) const {
    return marks_.find('s') == marks_.npos ? marked_text(std::move(text)) : spoken(std::move(text));
  }

  [[nodiscard]] std::vector<text_range> spoken_parts() const {
    std::vector<text_range> parts;
    for (std::size_t first = marks_.find('s'); first < size();) {
      const std::size_t end = (std::min)(marks_.find('t', first), size());
      parts.push_back({first, end});
      first = marks_.find('s', end);
    }
    return parts;
  }

 private:
  static constexpr std::size_t largest = std::size_t(1) << 26;

  std::string text_, marks_;  // one mark for each byte: 't' template, 's' spoken
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
