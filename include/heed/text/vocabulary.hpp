// SPDX-License-Identifier: MIT
// Vocabulary: the tokens of a model, from text to id and from id to text.
//
//   detail::text::vocabulary words;
//   words.assign("the", 262);
//   words.find("the");  // 262
#pragma once

#include <heed/text/number_map.hpp>       // mixed_bits
#include <heed/text/tokenizer_error.hpp>  // tokenizer_error, require

#include <cstring>      // memcpy
#include <limits>       // numeric_limits
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

using token_id = std::uint32_t;
inline constexpr token_id no_token = (std::numeric_limits<token_id>::max)();

inline std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0x9E3779B97F4A7C15U ^ text.size();
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    hash = mixed_bits(hash ^ word);
  }
  std::uint64_t rest = 0;
  if (at < text.size()) std::memcpy(&rest, text.data() + at, text.size() - at);
  return mixed_bits(hash ^ rest);
}

class vocabulary {
 public:
  // If a token has several ids, or an id several tokens, find and token return the last one.
  void assign(std::string_view token, token_id id) {
    const std::size_t limit = (std::numeric_limits<std::uint32_t>::max)();
    require<tokenizer_error>(letters_.size() + token.size() < limit && tokens_.size() < limit / 2,
                             "a vocabulary of more than 4 GiB is not read");
    if (2 * (tokens_.size() + 1) > slots_.size()) grow();
    tokens_.push_back({static_cast<std::uint32_t>(letters_.size()),
                       static_cast<std::uint32_t>(token.size()), id});
    letters_ += token;
    slots_[place_of(token)] = static_cast<std::uint32_t>(tokens_.size());
  }

  // Must be called after the last assign, before token(id). Ids may have gaps, but memory grows with
  // the largest id: throws tokenizer_error if that is 4 times the number of tokens + 65536, or more.
  void seal() {
    std::size_t bound = 0;
    for (const entry& t : tokens_) bound = (std::max)(bound, std::size_t(t.id) + 1);
    require<tokenizer_error>(bound <= 4 * tokens_.size() + 65536, "a vocabulary of ",
                             tokens_.size(), " tokens has the id ", bound - 1,
                             ", which is out of all proportion");
    by_id_.assign(bound, 0);
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      by_id_[tokens_[i].id] = static_cast<std::uint32_t>(i + 1);
  }

  [[nodiscard]] token_id find(std::string_view token) const {
    if (slots_.empty()) return no_token;
    const std::uint32_t slot = slots_[place_of(token)];
    return slot == 0 ? no_token : tokens_[slot - 1].id;
  }

  [[nodiscard]] bool contains(token_id id) const { return id < by_id_.size() && by_id_[id] != 0; }
  // Empty for an id that no token has.
  [[nodiscard]] std::string_view token(token_id id) const {
    return contains(id) ? text_of(tokens_[by_id_[id] - 1]) : std::string_view();
  }

  // How many tokens there are, and one more than the largest id.
  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  [[nodiscard]] std::size_t bound() const { return by_id_.size(); }

  // Calls visit(token, id) for each token.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const entry& t : tokens_) visit(text_of(t), t.id);
  }

 private:
  struct entry {
    std::uint32_t first, length;  // of letters_
    token_id id;
  };

  [[nodiscard]] std::string_view text_of(const entry& t) const {
    return std::string_view(letters_).substr(t.first, t.length);
  }
  [[nodiscard]] std::size_t place_of(std::string_view token) const {
    std::size_t at = hash_of(token) & (slots_.size() - 1);
    while (slots_[at] != 0 && text_of(tokens_[slots_[at] - 1]) != token)
      at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), 0);
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      slots_[place_of(text_of(tokens_[i]))] = static_cast<std::uint32_t>(i + 1);
  }

  std::string letters_;
  std::vector<entry> tokens_;
  std::vector<std::uint32_t> slots_;  // 1 + the place in tokens_, or 0
  std::vector<std::uint32_t> by_id_;  // of each id: 1 + the place in tokens_, or 0
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
