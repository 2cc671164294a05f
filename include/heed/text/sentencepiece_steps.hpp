// SPDX-License-Identifier: MIT
// SentencePiece's normalizer, before the model, and its decoder, after the model.
//
//   std::string text = " to  be";
//   detail::text::sentencepiece_normalizer({.add_dummy_prefix = true, ...}).apply(text);  // "▁to▁be"
//
// Kudo, Richardson: SentencePiece, 2018.
#pragma once

#include <heed/text/normalizer.hpp>     // normalizer, charsmap
#include <heed/text/token_decoder.hpp>  // token_decoder
#include <heed/text/trie.hpp>           // trie

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline constexpr std::string_view space_mark = "\xE2\x96\x81";  // U+2581

struct sentencepiece_spaces {
  bool add_dummy_prefix = true;  // a space before the text, or after it if as_suffix
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;  // as U+2581
  bool as_suffix = false;
};

class sentencepiece_normalizer : public normalizer {
 public:
  // `kept`: the user-defined symbols, which are not changed.
  sentencepiece_normalizer(sentencepiece_spaces spaces, charsmap map, trie kept)
      : spaces_(spaces), map_(std::move(map)), kept_(std::move(kept)) {}

  void apply(std::string& text) const override {
    const std::string_view old = text;
    const std::string_view space = spaces_.escape_whitespaces ? space_mark : std::string_view(" ");
    std::size_t at = 0;
    if (spaces_.remove_extra_whitespaces)
      for (part p; at < old.size() && (p = part_at(old, at)).text == " "; at += p.length) {
      }
    if (at == old.size()) return text.clear();
    std::string made;
    made.reserve(old.size() + old.size() / 4);
    if (spaces_.add_dummy_prefix && !spaces_.as_suffix) made += space;
    bool after_space = spaces_.remove_extra_whitespaces;
    while (at < old.size()) {
      part p = part_at(old, at);
      at += p.length;
      while (after_space && !p.text.empty() && p.text[0] == ' ') p.text.remove_prefix(1);
      if (p.text.empty()) continue;
      for (const char c : p.text)
        if (c == ' ')
          made += space;
        else
          made += c;
      after_space = spaces_.remove_extra_whitespaces && p.text.back() == ' ';
    }
    if (spaces_.remove_extra_whitespaces)
      while (made.size() >= space.size() &&
             std::string_view(made).substr(made.size() - space.size()) == space)
        made.resize(made.size() - space.size());
    if (spaces_.add_dummy_prefix && spaces_.as_suffix) made += space;
    text.swap(made);
  }

 private:
  struct part {
    std::string_view text;   // the normalised text of the next bytes
    std::size_t length = 0;  // the number of these bytes
  };
  [[nodiscard]] part part_at(std::string_view text, std::size_t at) const {
    if (kept_.begins(text[at]))
      if (const trie::found f = kept_.longest(text, at); f.length > 0)
        return {text.substr(at, f.length), f.length};
    if (const auto r = map_.longest(text, at)) return {r->text, r->length};
    const std::size_t length = char_at(text, at).length;
    return {text.substr(at, length), length};
  }

  sentencepiece_spaces spaces_;
  charsmap map_;
  trie kept_;
};

struct sentencepiece_names {
  std::vector<std::string> controls = {};  // control tokens, which are decoded to nothing
  std::string unknown = {};
  std::string unknown_surface = " \xE2\x81\x87 ";  // the text of the token `unknown`
  bool has_bytes = false;                          // <0xHH> is a byte
};

class sentencepiece_decoder : public token_decoder {
 public:
  sentencepiece_decoder(sentencepiece_names names, sentencepiece_spaces spaces)
      : names_(std::move(names)), spaces_(spaces) {
    for (const std::string& name : names_.controls) controls_.insert(name, 0);
  }

  void apply(decoded& d) const override {
    std::string text, bytes;
    bool begins = true;  // whether a space that begins the next token is the dummy prefix
    for (const std::string& token : d.parts) {
      const int byte = names_.has_bytes ? byte_fallback_decoder::byte_of_token(token) : -1;
      if (byte >= 0) {
        bytes += static_cast<char>(static_cast<unsigned char>(byte));
        continue;
      }
      decoded ignored;
      ignored.is_stream = d.is_stream;
      text += text_of_bytes(bytes, ignored);
      bytes.clear();
      begins = begins && text.empty();
      append(text, token, begins);
    }
    text += text_of_bytes(bytes, d);
    d.parts = {std::move(text)};
  }

 private:
  void append(std::string& text, std::string_view token, bool& begins) const {
    if (token == names_.unknown) {
      text += names_.unknown_surface;
    } else if (controls_.longest(token).length != token.size()) {
      const bool strip = spaces_.add_dummy_prefix || spaces_.remove_extra_whitespaces;
      if (begins && strip && token.substr(0, space_mark.size()) == space_mark) {
        token.remove_prefix(space_mark.size());
        begins = spaces_.remove_extra_whitespaces;
      }
      std::string shown(token);
      replace_all(shown, space_mark, " ");
      text += shown;
    }
  }

  // The text of byte tokens. In a stream, as byte_level_decoder; otherwise U+FFFD replaces each byte that is not
  // UTF-8.
  static std::string text_of_bytes(const std::string& bytes, decoded& d) {
    if (d.is_stream) return bytes.empty() ? std::string() : byte_level_decoder::mended(bytes, d);
    std::string text;
    for (std::size_t at = 0; at < bytes.size();) {
      const utf8_fault fault = find_fault(bytes, at);
      text.append(bytes, at, fault.at - at);
      if (fault.length > 0) text += replacement_character;
      at = fault.at + (fault.length > 0 ? 1 : 0);
    }
    return text;
  }

  sentencepiece_names names_;
  sentencepiece_spaces spaces_;
  trie controls_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
