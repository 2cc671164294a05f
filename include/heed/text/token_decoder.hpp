// SPDX-License-Identifier: MIT
// Decoders: the steps that turn tokens back into text.
//
//   detail::text::decoded d{{"▁Hello", "<0xC3>", "<0xA9>"}};
//   detail::text::byte_fallback_decoder().apply(d);  // "▁Hello" "é"
#pragma once

#include <heed/text/byte_alphabet.hpp>  // from_byte_alphabet
#include <heed/text/normalizer.hpp>     // replacement

#include <memory>   // unique_ptr
#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct decoded {
  std::vector<std::string> parts = {};
  bool is_stream = false;  // more tokens may follow, whose bytes complete the last character
  bool cut_off = false;    // the text ends with U+FFFD, because its last character is not complete
};

class token_decoder {
 public:
  virtual ~token_decoder() = default;
  virtual void apply(decoded& d) const = 0;
};

class byte_level_decoder : public token_decoder {
 public:
  void apply(decoded& d) const override {
    std::string bytes;
    for (const std::string& part : d.parts) bytes += from_byte_alphabet(part);
    d.parts = {mended(bytes, d)};
  }

  // Bytes as text, with U+FFFD for bytes that are not UTF-8.
  static std::string mended(const std::string& bytes, decoded& d) {
    utf8_fault fault{0, 0, false};
    do fault = find_fault(bytes, fault.at + fault.length);
    while (fault.at + fault.length < bytes.size());
    d.cut_off = fault.cut_off;
    return repaired(bytes);
  }
};

// Adjacent tokens <0xHH> become the text of their bytes, or one U+FFFD for each token if the bytes are not
// UTF-8. In a stream, the valid part becomes text in any case.
class byte_fallback_decoder : public token_decoder {
 public:
  void apply(decoded& d) const override {
    std::vector<std::string> made;
    std::string bytes;
    const auto flush = [&](bool last) {
      if (bytes.empty()) return;
      decoded ignored;
      if (d.is_stream)
        made.push_back(byte_level_decoder::mended(bytes, last ? d : ignored));
      else if (find_fault(bytes).length == 0)
        made.push_back(bytes);
      else
        made.insert(made.end(), bytes.size(), std::string(replacement_character));
      bytes.clear();
    };
    for (std::string& part : d.parts) {
      const int byte = byte_of_token(part);
      if (byte >= 0) {
        bytes += static_cast<char>(static_cast<unsigned char>(byte));
      } else {
        flush(false);
        made.push_back(std::move(part));
      }
    }
    flush(true);
    d.parts.swap(made);
  }

  // The byte that <0xHH> stands for; -1 for another token.
  static int byte_of_token(std::string_view token) {
    if (token.size() != 6 || token.substr(0, 3) != "<0x" || token[5] != '>') return -1;
    int byte = 0;
    for (const char c : token.substr(3, 2)) {
      const std::size_t digit = std::string_view("0123456789ABCDEFabcdef").find(c);
      if (digit == std::string_view::npos) return -1;
      byte = byte * 16 + static_cast<int>(digit < 16 ? digit : digit - 6);
    }
    return byte;
  }
};

class fuse_decoder : public token_decoder {
 public:
  void apply(decoded& d) const override {
    std::string all;
    for (const std::string& part : d.parts) all += part;
    d.parts = {std::move(all)};
  }
};

class replace_decoder : public token_decoder {
 public:
  explicit replace_decoder(replacement r) : replacement_(std::move(r)) {}
  void apply(decoded& d) const override {
    for (std::string& part : d.parts) replacement_.apply(part);
  }

 private:
  replacement replacement_;
};

// Removes a character at the beginning and at the end of each part, at most `start` and `stop` times.
class strip_decoder : public token_decoder {
 public:
  strip_decoder(std::string content, std::size_t start, std::size_t stop)
      : content_(std::move(content)), start_(start), stop_(stop) {}
  void apply(decoded& d) const override {
    if (content_.empty()) return;
    for (std::string& part : d.parts) {
      std::string_view left = part;
      for (std::size_t i = 0; i < start_ && left.substr(0, content_.size()) == content_; ++i)
        left.remove_prefix(content_.size());
      for (std::size_t i = 0; i < stop_ && left.size() >= content_.size() &&
                              left.substr(left.size() - content_.size()) == content_;
           ++i)
        left.remove_suffix(content_.size());
      part = std::string(left);
    }
  }

 private:
  std::string content_;
  std::size_t start_, stop_;
};

class metaspace_decoder : public token_decoder {
 public:
  metaspace_decoder(std::string mark, bool prepended)
      : mark_(std::move(mark)),
        prepended_(prepended),
        to_space_(mark_, " "),
        to_nothing_(mark_, "") {}
  void apply(decoded& d) const override {
    for (std::size_t i = 0; i < d.parts.size(); ++i)
      (i == 0 && prepended_ ? to_nothing_ : to_space_).apply(d.parts[i]);
  }

 private:
  std::string mark_;
  bool prepended_;
  replacement to_space_, to_nothing_;
};

inline void replace_all(std::string& text, std::string_view words, std::string_view by) {
  if (words.empty()) return;
  for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + by.size()))
    text.replace(at, words.size(), by);
}

// Removes the spaces around punctuation and English endings that splitting into words has added.
inline void clean_up_spaces(std::string& text) {
  constexpr std::string_view rules[][2] = {{" .", "."},     {" ?", "?"},           {" !", "!"},
                                           {" ,", ","},     {" ' ", "'"},          {" n't", "n't"},
                                           {" 'm", "'m"},   {" do not", " don't"}, {" 's", "'s"},
                                           {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [words, by] : rules) replace_all(text, words, by);
}

class word_piece_decoder : public token_decoder {
 public:
  word_piece_decoder(std::string prefix, bool cleanup)
      : prefix_(std::move(prefix)), cleanup_(cleanup) {}
  void apply(decoded& d) const override {
    for (std::size_t i = 0; i < d.parts.size(); ++i) {
      std::string& part = d.parts[i];
      if (i > 0) {
        if (part.compare(0, prefix_.size(), prefix_) == 0)
          part.erase(0, prefix_.size());
        else
          part.insert(0, 1, ' ');
      }
      if (cleanup_) clean_up_spaces(part);
    }
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

// The mark at the end of a word becomes a space; at the end of the text it is removed.
class suffix_decoder : public token_decoder {
 public:
  explicit suffix_decoder(std::string suffix) : suffix_(std::move(suffix)) {}
  void apply(decoded& d) const override {
    for (std::size_t i = 0; i < d.parts.size(); ++i)
      replace_all(d.parts[i], suffix_, i + 1 == d.parts.size() ? "" : " ");
  }

 private:
  std::string suffix_;
};

// Connectionist temporal classification (CTC): equal adjacent tokens become one, and padding is removed.
class ctc_decoder : public token_decoder {
 public:
  ctc_decoder(std::string pad, std::string delimiter, bool cleanup)
      : pad_(std::move(pad)), delimiter_(std::move(delimiter)), cleanup_(cleanup) {}
  void apply(decoded& d) const override {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < d.parts.size(); ++i) {
      if (i > 0 && d.parts[i] == d.parts[i - 1]) continue;
      std::string part = d.parts[i];
      replace_all(part, pad_, "");
      if (cleanup_) {
        clean_up_spaces(part);
        replace_all(part, delimiter_, " ");
      }
      if (!part.empty()) made.push_back(std::move(part));
    }
    d.parts.swap(made);
  }

 private:
  std::string pad_, delimiter_;
  bool cleanup_;
};

class decoder_sequence : public token_decoder {
 public:
  explicit decoder_sequence(std::vector<std::unique_ptr<token_decoder>> steps)
      : steps_(std::move(steps)) {}
  void apply(decoded& d) const override {
    for (const auto& step : steps_) step->apply(d);
  }

 private:
  std::vector<std::unique_ptr<token_decoder>> steps_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
