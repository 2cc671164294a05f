// SPDX-License-Identifier: MIT
// WordPiece: the longest token at each place, where tokens that continue a word begin with a prefix
// (BERT); and WordLevel, whose tokens are whole words.
//
//   bert.encode("unaffable", nullptr, ids);  // appends the ids of "un", "##aff", "##able"
//
// Wu and others: Google's neural machine translation system, 2016.
#pragma once

#include <heed/text/token_model.hpp>  // token_model
#include <heed/text/trie.hpp>         // trie

#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct word_piece_settings {
  std::string unknown = "[UNK]";
  std::string prefix = "##";
  std::size_t longest_word = 100;  // characters; a longer word is unknown
};

class word_piece_model : public token_model {
 public:
  word_piece_model(vocabulary tokens, word_piece_settings settings)
      : token_model(std::move(tokens)),
        settings_(std::move(settings)),
        unknown_(this->tokens().find(settings_.unknown)) {
    const std::string_view prefix = settings_.prefix;
    this->tokens().for_each([&](std::string_view token, token_id id) {
      beginnings_.insert(token, id);
      if (token.substr(0, prefix.size()) == prefix)
        continuations_.insert(token.substr(prefix.size()), id);
    });
  }

  void encode(std::string_view piece, const token_set* refused,
              std::vector<token_id>& ids) const override {
    const std::size_t before = ids.size();
    if (count_chars(piece) <= settings_.longest_word) {
      std::size_t at = 0;
      while (at < piece.size()) {
        trie::found best{0, no_token};
        (at == 0 ? beginnings_ : continuations_)
            .for_each_prefix(piece, at, [&](std::size_t length, token_id id) {
              if (refused == nullptr || !refused->contains(id)) best = {length, id};
            });
        if (best.length == 0) break;
        ids.push_back(best.value);
        at += best.length;
      }
      if (at == piece.size()) return;
    }
    ids.resize(before);
    require<tokenizer_error>(unknown_ != no_token, "the token for unknown text, ",
                             settings_.unknown, ", is not in the vocabulary");
    ids.push_back(unknown_);
  }

  [[nodiscard]] token_id unknown() const override { return unknown_; }

 private:
  word_piece_settings settings_;
  token_id unknown_;
  trie beginnings_, continuations_;
};

class word_level_model : public token_model {
 public:
  word_level_model(vocabulary tokens, std::string unknown)
      : token_model(std::move(tokens)),
        unknown_text_(std::move(unknown)),
        unknown_(this->tokens().find(unknown_text_)) {}

  void encode(std::string_view piece, const token_set* refused,
              std::vector<token_id>& ids) const override {
    const token_id id = allowed(piece, refused);
    require<tokenizer_error>(id != no_token || unknown_ != no_token, "the token for unknown text, ",
                             unknown_text_, ", is not in the vocabulary");
    ids.push_back(id != no_token ? id : unknown_);
  }

  [[nodiscard]] token_id unknown() const override { return unknown_; }

 private:
  std::string unknown_text_;
  token_id unknown_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
