// SPDX-License-Identifier: MIT
// The interface of token models, which encode a piece of text after normalizers and pre-tokenizers.
//
//   const detail::text::token_model& model = ...;   // byte_pair_model, unigram_model, word_piece_model, ...
//   model.encode("lower", nullptr, ids);      // appends the ids of "low", "er"
#pragma once

#include <heed/text/utf8.hpp>        // byte_of
#include <heed/text/vocabulary.hpp>  // vocabulary, token_id

#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Ids that encoding must not produce: those of control tokens, if the text is untrusted input.
class token_set {
 public:
  void insert(token_id id) {
    if (id >= holds_.size()) holds_.resize(std::size_t(id) + 1);
    holds_[id] = true;
  }
  void erase(token_id id) {
    if (id < holds_.size()) holds_[id] = false;
  }
  [[nodiscard]] bool contains(token_id id) const { return id < holds_.size() && holds_[id]; }

 private:
  std::vector<bool> holds_;
};

class token_model {
 public:
  virtual ~token_model() = default;
  token_model() = default;
  token_model(const token_model&) = delete;
  token_model& operator=(const token_model&) = delete;

  // Appends the tokens of a piece that is not empty; none of them is in `refused`, if that is given.
  virtual void encode(std::string_view piece, const token_set* refused,
                      std::vector<token_id>& ids) const = 0;

  [[nodiscard]] const vocabulary& tokens() const { return tokens_; }
  // The token for unknown text; no_token if there is none.
  [[nodiscard]] virtual token_id unknown() const { return no_token; }
  // If this is a character, a piece may be split before each occurrence that follows another
  // character, and its tokens stay the same.
  [[nodiscard]] virtual std::string_view cut_before() const { return {}; }

 protected:
  explicit token_model(vocabulary tokens) : tokens_(std::move(tokens)) { tokens_.seal(); }

  // The id of a token; no_token if it does not exist or is in `refused`.
  [[nodiscard]] token_id allowed(std::string_view token, const token_set* refused) const {
    const token_id id = tokens_.find(token);
    return refused != nullptr && id != no_token && refused->contains(id) ? no_token : id;
  }

  // Appends a token <0xHH> for each byte and returns true, if all of these tokens exist.
  bool append_bytes(std::string_view bytes, std::vector<token_id>& ids) const {
    const std::size_t before = ids.size();
    for (const char b : bytes) {
      constexpr char digits[] = "0123456789ABCDEF";
      const char name[] = {'<', '0', 'x', digits[byte_of(b) >> 4], digits[byte_of(b) & 15], '>'};
      const token_id id = tokens_.find({name, sizeof name});
      if (id == no_token) {
        ids.resize(before);
        return false;
      }
      ids.push_back(id);
    }
    return true;
  }

 private:
  vocabulary tokens_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
