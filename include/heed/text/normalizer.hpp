// SPDX-License-Identifier: MIT
// Normalizers, the first steps of a tokenizer: normal forms, lower case, replacements.
//
//   std::string text = "Héllo";
//   detail::text::bert_normalizer({.lowercase = true}).apply(text);  // "hello"
#pragma once

#include <heed/text/byte_alphabet.hpp>  // in_byte_alphabet
#include <heed/text/charsmap.hpp>       // charsmap
#include <heed/text/normal_forms.hpp>   // normalise
#include <heed/text/scanner.hpp>        // scanner, pattern

#include <memory>    // unique_ptr
#include <optional>  // optional
#include <utility>   // move

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class normalizer {
 public:
  virtual ~normalizer() = default;
  virtual void apply(std::string& text) const = 0;
};

// Replaces the text by what each(made, character) appends to `made` for every character.
template <class Each>
void rewrite(std::string& text, const Each& each) {
  std::string made;
  made.reserve(text.size() + text.size() / 8);
  for (std::size_t at = 0; at < text.size();) {
    const text_char c = char_at(text, at);
    each(made, c.value);
    at += c.length;
  }
  text.swap(made);
}

class form_normalizer : public normalizer {
 public:
  explicit form_normalizer(normal_form form) : form_(form) {}
  void apply(std::string& text) const override { normalise(text, form_); }

 private:
  normal_form form_;
};

// A normalizer without settings.
class plain_normalizer : public normalizer {
 public:
  using function = void (*)(std::string&);
  explicit plain_normalizer(function f) : apply_(f) {}
  void apply(std::string& text) const override { apply_(text); }

 private:
  function apply_;
};

inline void to_lower(std::string& text) { rewrite(text, append_lower); }

inline void strip_marks(std::string& text) {
  rewrite(text, [](std::string& made, char32_t c) {
    if (!is_mark(c)) append_char(made, c);
  });
}

// Removes control characters and turns white space into U+0020, as SentencePiece's rules for machine
// translation (nmt) do.
inline void clean_nmt(std::string& text) {
  rewrite(text, [](std::string& made, char32_t c) {
    if ((c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F ||
        c == 0x9F)
      return;
    const bool blank = c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 ||
                       (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
                       c == 0xFEFF || c == 0xFFFD;
    append_char(made, blank ? U' ' : c);
  });
}

inline void to_byte_alphabet(std::string& text) { text = in_byte_alphabet(text); }

class strip_normalizer : public normalizer {
 public:
  strip_normalizer(bool left, bool right) : left_(left), right_(right) {}
  void apply(std::string& text) const override {
    std::size_t first = 0, last = text.size();
    while (left_ && first < last && is_space(char_at(text, first).value))
      first += char_at(text, first).length;
    while (right_ && first < last && is_space(char_at(text, char_before(text, last)).value))
      last = char_before(text, last);
    text = text.substr(first, last - first);
  }

 private:
  bool left_, right_;
};

class prepend_normalizer : public normalizer {
 public:
  explicit prepend_normalizer(std::string words) : words_(std::move(words)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, words_);
  }

 private:
  std::string words_;
};

// Replaces each occurrence of a string, or each match of a pattern.
class replacement {
 public:
  replacement(std::string words, std::string by) : words_(std::move(words)), by_(std::move(by)) {}
  replacement(pattern p, std::string by) : pattern_(std::move(p)), by_(std::move(by)) {}
  replacement(scanner s, std::string by) : scanner_(s), by_(std::move(by)) {}

  void apply(std::string& text) const {
    std::string made;
    std::size_t kept = 0;
    const auto replace = [&](std::size_t begin, std::size_t end) {
      made.append(text, kept, begin - kept).append(by_);
      kept = end;
    };
    if (pattern_) {
      pattern_->for_each(text, replace);
    } else if (scanner_ != nullptr) {
      scanner_finder{scanner_}.for_each(text, replace);
    } else if (!words_.empty()) {
      for (std::size_t at = text.find(words_); at != text.npos; at = text.find(words_, kept))
        replace(at, at + words_.size());
    } else {
      return;
    }
    made.append(text, kept);
    text.swap(made);
  }

 private:
  std::optional<pattern> pattern_;
  scanner scanner_ = nullptr;
  std::string words_;
  std::string by_;
};

class replace_normalizer : public normalizer {
 public:
  explicit replace_normalizer(replacement r) : replacement_(std::move(r)) {}
  void apply(std::string& text) const override { replacement_.apply(text); }

 private:
  replacement replacement_;
};

struct bert_cleaning {
  bool clean_text = true;            // no control characters; every space is U+0020
  bool handle_chinese_chars = true;  // a space on both sides of an ideograph
  bool strip_accents = true;
  bool lowercase = true;
};

class bert_normalizer : public normalizer {
 public:
  explicit bert_normalizer(const bert_cleaning& cleaning) : cleaning_(cleaning) {}

  void apply(std::string& text) const override {
    if (cleaning_.clean_text) rewrite(text, clean);
    if (cleaning_.handle_chinese_chars)
      rewrite(text, [](std::string& made, char32_t c) {
        const bool apart = is_ideograph(c);
        if (apart) made += ' ';
        append_char(made, c);
        if (apart) made += ' ';
      });
    if (cleaning_.strip_accents) {
      normalise(text, normal_form::nfd);
      rewrite(text, [](std::string& made, char32_t c) {
        if (!is_nonspacing_mark(c)) append_char(made, c);
      });
    }
    if (cleaning_.lowercase) to_lower(text);
  }

 private:
  static void clean(std::string& made, char32_t c) {
    const bool blank = c == '\t' || c == '\n' || c == '\r';
    if (!blank && (c == 0 || c == 0xFFFD || is_other(c))) return;
    append_char(made, is_space(c) ? U' ' : c);
  }
  static bool is_ideograph(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  bert_cleaning cleaning_;
};

// Applies a charsmap as Hugging Face's library does: to each grapheme cluster if it is shorter than six
// bytes and has a replacement, otherwise to each code point; the shortest string in the map is replaced.
class precompiled_normalizer : public normalizer {
 public:
  explicit precompiled_normalizer(charsmap map) : map_(std::move(map)) {}

  void apply(std::string& text) const override {
    std::string made;
    const auto put = [&](std::string_view part) {
      const auto found = map_.shortest(part);
      if (found) made += found->text;
      return found.has_value();
    };
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = end_of_grapheme(text, at);
      if (end - at >= 6 || !put(std::string_view(text).substr(at, end - at)))
        for (std::size_t i = at; i < end;) {
          const std::string_view part = std::string_view(text).substr(i, char_at(text, i).length);
          if (!put(part)) made += part;
          i += part.size();
        }
      at = end;
    }
    text.swap(made);
  }

 private:
  static std::size_t end_of_grapheme(std::string_view text, std::size_t at) {
    utf8proc_int32_t state = 0;
    text_char c = char_at(text, at);
    for (at += c.length; at < text.size(); at += c.length) {
      const text_char next = char_at(text, at);
      if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(c.value),
                                           static_cast<utf8proc_int32_t>(next.value), &state))
        break;
      c = next;
    }
    return at;
  }

  charsmap map_;
};

class normalizer_sequence : public normalizer {
 public:
  explicit normalizer_sequence(std::vector<std::unique_ptr<normalizer>> steps)
      : steps_(std::move(steps)) {}
  void apply(std::string& text) const override {
    for (const auto& step : steps_) step->apply(text);
  }

 private:
  std::vector<std::unique_ptr<normalizer>> steps_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
