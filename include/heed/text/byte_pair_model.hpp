// SPDX-License-Identifier: MIT
// Byte-pair encoding (BPE): over the bytes of a text (GPT-2, Llama 3, Qwen), or over its characters
// with tokens for the bytes of unknown characters (Llama 2, Mistral), or with a mark at the end of
// words (CLIP).
//
//   detail::text::byte_pair_model gpt2(std::move(tokens), std::move(merges), {.byte_level = true});
//   gpt2.encode(" world", nullptr, ids);  // appends 995
#pragma once

#include <heed/text/byte_alphabet.hpp>    // in_byte_alphabet
#include <heed/text/byte_pair_merge.hpp>  // merge_pairs

#include <array>    // array
#include <string>   // string
#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct byte_pair_settings {
  bool byte_level = false;     // pieces are bytes; the vocabulary is written in GPT-2's alphabet
  bool byte_fallback = false;  // an unknown character becomes tokens <0xHH>
  bool ignore_merges = false;  // a piece that is a token is that token
  bool fuse_unknown = false;   // adjacent unknown characters become one token
  std::string unknown = {};    // the token for an unknown character; without one it is left out
  std::string prefix = {};     // before each symbol of a piece but the first
  std::string suffix = {};     // after the last symbol
};

class byte_pair_model : public token_model {
 public:
  // `bare`: symbols that are not tokens (characters that only merges contain), with ids from
  // tokens.bound() on.
  byte_pair_model(vocabulary tokens, merge_table merges, byte_pair_settings settings,
                  vocabulary bare = {})
      : token_model(std::move(tokens)),
        merges_(std::move(merges)),
        settings_(std::move(settings)),
        bare_(std::move(bare)),
        unknown_(settings_.unknown.empty() ? no_token : this->tokens().find(settings_.unknown)) {
    for (unsigned b = 0; b < 256; ++b) {
      letters_[b].text = utf8(settings_.byte_level ? gpt2_alphabet().char_of(b) : b);
      letters_[b].id = this->tokens().find(letters_[b].text);
    }
    find_cuts();
  }

  void encode(std::string_view piece, const token_set* refused,
              std::vector<token_id>& ids) const override {
    if (settings_.ignore_merges) {
      const token_id whole = settings_.byte_level ? allowed(in_byte_alphabet(piece), refused)
                                                  : allowed(piece, refused);
      if (whole != no_token) {
        ids.push_back(whole);
        return;
      }
    }
    std::vector<token_id> symbols;
    symbols.reserve(piece.size());
    begin(piece, refused, symbols);
    merge_pairs(symbols, merges_, refused);
    for (const token_id s : symbols)
      if (s < tokens().bound())
        ids.push_back(s);
      else
        append_unknown(bare_.token(s), ids);
  }

  [[nodiscard]] token_id unknown() const override { return unknown_; }
  [[nodiscard]] std::string_view cut_before() const override { return cut_before_; }

 private:
  // The symbols of a piece before the first merge.
  void begin(std::string_view piece, const token_set* refused,
             std::vector<token_id>& symbols) const {
    const bool affixes = !settings_.prefix.empty() || !settings_.suffix.empty();
    bool pending = false;  // an unknown character that has no token yet
    std::string affixed;
    for (std::size_t at = 0; at < piece.size();) {
      if (!affixes && !pending && refused == nullptr &&
          (settings_.byte_level || byte_of(piece[at]) < 0x80)) {
        const token_id id = letters_[byte_of(piece[at])].id;
        if (id != no_token) {
          symbols.push_back(id);
          ++at;
          continue;
        }
      }
      const std::size_t length =
          settings_.byte_level ? 1 : (std::min)(char_length(piece[at]), piece.size() - at);
      std::string_view letter = piece.substr(at, length);
      if (length == 1) letter = letters_[byte_of(piece[at])].text;
      const bool first = at == 0, last = at + length == piece.size();
      if ((!first && !settings_.prefix.empty()) || (last && !settings_.suffix.empty())) {
        affixed.assign(first ? std::string_view() : settings_.prefix);
        affixed.append(letter).append(last ? std::string_view(settings_.suffix)
                                           : std::string_view());
        letter = affixed;
      }
      at += length;
      const token_id id = allowed(letter, refused);
      if (id != no_token) {
        if (pending) symbols.push_back(unknown_);
        pending = false;
        symbols.push_back(id);
      } else if (const token_id bare = bare_.find(letter); bare != no_token) {
        symbols.push_back(bare);
      } else if (!settings_.byte_fallback || !append_bytes(letter, symbols)) {
        require<tokenizer_error>(unknown_ != no_token || settings_.unknown.empty(),
                                 "the token for unknown text, ", settings_.unknown,
                                 ", is not in the vocabulary");
        if (pending && !settings_.fuse_unknown) symbols.push_back(unknown_);
        pending = unknown_ != no_token;
      }
    }
    if (pending) symbols.push_back(unknown_);
  }

  void append_unknown(std::string_view letter, std::vector<token_id>& ids) const {
    if (settings_.byte_fallback && append_bytes(letter, ids)) return;
    if (unknown_ != no_token && !(settings_.fuse_unknown && !ids.empty() && ids.back() == unknown_))
      ids.push_back(unknown_);
  }

  // Tokens of SentencePiece usually have U+2581, which represents a space, only at their beginning. Then no
  // merge joins the words on both sides of it, and words can be encoded one by one.
  void find_cuts() {
    constexpr std::string_view space = "\xE2\x96\x81";
    if (settings_.byte_level || settings_.ignore_merges || !settings_.prefix.empty() ||
        !settings_.suffix.empty() || tokens().find(space) == no_token)
      return;
    bool inside = false;
    tokens().for_each([&](std::string_view token, token_id) {
      std::size_t at = 0;
      while (token.substr(at, space.size()) == space) at += space.size();
      inside = inside || token.find(space, at) != token.npos;
    });
    if (!inside) cut_before_ = space;
  }

  merge_table merges_;
  byte_pair_settings settings_;
  vocabulary bare_;
  token_id unknown_;
  struct byte_letter {
    std::string text;
    token_id id = no_token;
  };
  // For each byte: how the vocabulary writes it, and the id of the token of this byte alone.
  std::array<byte_letter, 256> letters_;
  std::string_view cut_before_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
