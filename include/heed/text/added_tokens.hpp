// SPDX-License-Identifier: MIT
// Added tokens, which are found in a text before any other step of a tokenizer: control tokens, and
// other tokens that were added to a model's vocabulary.
//
//   detail::text::added_tokens tokens;
//   tokens.insert({.text = "<|im_end|>", .id = 2, .special = true});
#pragma once

#include <heed/text/char_classes.hpp>  // onig_classes, text_range
#include <heed/text/code_points.hpp>   // is_space
#include <heed/text/token_model.hpp>   // token_set
#include <heed/text/trie.hpp>          // trie

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct added_token {
  std::string text = {};
  token_id id = no_token;
  bool special = false;          // a control token
  bool single_word = false;      // not found inside a word
  bool strip_left = false;       // includes the white space to its left
  bool strip_right = false;      // includes the white space to its right
  bool normalized = false;       // searched for in the normalised text
  std::string normal_text = {};  // the string to search for there, if it is not `text`
};

// A part of a text: a token, or text that contains none.
struct token_part {
  text_range range;
  const added_token* token;  // null for text
};

// The byte ranges of a text that come from untrusted input, in order: no control token is found in
// them.
using spoken_ranges = std::vector<text_range>;

inline bool overlaps(const spoken_ranges& spoken, const text_range& r) {
  for (const text_range& s : spoken)
    if (s.begin < r.end && r.begin < s.end) return true;
  return false;
}

class added_tokens {
 public:
  // If several tokens have one id, the last one inserted is kept.
  void insert(added_token token) {
    const std::size_t* known = places_.find(token.id);
    const std::size_t place = known != nullptr ? *known : tokens_.size();
    (token.normalized ? in_normal_text_ : in_text_)
        .insert(token.normal_text.empty() ? token.text : token.normal_text,
                static_cast<trie::value_type>(place));
    if (token.special) specials_.insert(token.id);
    if (known == nullptr) {
      places_.insert(token.id, place);
      tokens_.emplace_back();
    }
    tokens_[place] = std::move(token);
  }

  [[nodiscard]] const added_token* find(token_id id) const {
    const std::size_t* place = places_.find(id);
    return place == nullptr ? nullptr : &tokens_[*place];
  }
  [[nodiscard]] const added_token* find(std::string_view text) const {
    for (const added_token& t : tokens_)
      if (t.text == text) return &t;
    return nullptr;
  }
  [[nodiscard]] const std::vector<added_token>& all() const { return tokens_; }
  // Adds a control token that is never found in a text, as those of SentencePiece.
  void insert_unwritten(token_id id) { specials_.insert(id); }
  [[nodiscard]] const token_set& specials() const { return specials_; }
  [[nodiscard]] bool any_in_normal_text() const { return !in_normal_text_.empty(); }

  // Splits a text at added tokens, the leftmost first and, at the same place, the longest. No control
  // token is found in `spoken`.
  void find_in_text(std::string_view text, const spoken_ranges& spoken,
                    std::vector<token_part>& parts) const {
    find(text, in_text_, spoken, parts);
  }
  void find_in_normal_text(std::string_view text, const spoken_ranges& spoken,
                           std::vector<token_part>& parts) const {
    find(text, in_normal_text_, spoken, parts);
  }

 private:
  void find(std::string_view text, const trie& words, const spoken_ranges& spoken,
            std::vector<token_part>& parts) const {
    parts.clear();
    std::size_t kept = 0;
    for (std::size_t at = 0; !words.empty() && at < text.size();) {
      const trie::found match =
          words.begins(text[at]) ? words.longest(text, at) : trie::found{0, trie::none};
      if (match.length == 0) {
        ++at;
        continue;
      }
      text_range r{at, at + match.length};
      at = r.end;
      const added_token& token = tokens_[match.value];
      if (token.special && overlaps(spoken, r)) continue;
      if (token.single_word && !is_alone(text, r)) continue;
      if (token.strip_left)
        while (r.begin > kept && is_space(char_at(text, char_before(text, r.begin)).value))
          r.begin = char_before(text, r.begin);
      if (token.strip_right)
        while (r.end < text.size() && is_space(char_at(text, r.end).value))
          r.end += char_at(text, r.end).length;
      if (r.begin < kept) r.begin = kept;
      if (kept < r.begin) parts.push_back({{kept, r.begin}, nullptr});
      parts.push_back({r, &token});
      kept = r.end;
    }
    if (kept < text.size()) parts.push_back({{kept, text.size()}, nullptr});
  }

  static bool is_alone(std::string_view text, const text_range& r) {
    const auto is_word = [&](std::size_t at) {
      return (onig_classes().of(char_at(text, at).value) & char_class::word) != 0;
    };
    return (r.begin == 0 || !is_word(char_before(text, r.begin))) &&
           (r.end == text.size() || !is_word(r.end));
  }

  trie in_text_, in_normal_text_;
  std::vector<added_token> tokens_;
  number_map<std::size_t> places_;  // of an id in tokens_
  token_set specials_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
