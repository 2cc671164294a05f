// SPDX-License-Identifier: MIT
// Pre-tokenizers: split a text into the pieces that a model encodes one by one.
//
//   detail::text::pieces p;
//   p.begin("Hello, world", true);
//   detail::text::make_bert_pre_tokenizer()->cut(p);  // p.ranges: "Hello" "," "world"
#pragma once

#include <heed/text/byte_alphabet.hpp>  // in_byte_alphabet
#include <heed/text/code_points.hpp>    // is_space, is_punctuation, is_numeric
#include <heed/text/scanner.hpp>        // scanner, pattern

#include <memory>   // unique_ptr
#include <utility>  // move, swap
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Ranges of a text, in order and none of them empty.
struct pieces {
  std::string text;
  std::vector<text_range> ranges;
  bool at_start = true;  // whether this is the beginning of the text that encode was given

  void begin(std::string whole, bool start) {
    text = std::move(whole);
    at_start = start;
    ranges.clear();
    if (!text.empty()) ranges.push_back({0, text.size()});
  }
  [[nodiscard]] std::string_view view(const text_range& r) const {
    return std::string_view(text).substr(r.begin, r.end - r.begin);
  }
};

class pre_tokenizer {
 public:
  virtual ~pre_tokenizer() = default;
  virtual void cut(pieces& p) const = 0;
};

// How a match splits a piece: the match becomes a piece of its own, is removed, is joined to the piece before
// or after it, or adjacent matches become one piece.
enum class split_behavior { isolated, removed, merged_with_previous, merged_with_next, contiguous };

// Splits each piece at matches: finder.for_each(text, visit) calls visit(begin, end) for each match.
template <class Finder>
class split_pre_tokenizer : public pre_tokenizer {
 public:
  // `invert`: the text between matches counts as matches, and matches as text.
  split_pre_tokenizer(Finder finder, split_behavior behavior, bool invert = false)
      : finder_(std::move(finder)), behavior_(behavior), invert_(invert) {}

  void cut(pieces& p) const override {
    std::vector<text_range> cuts;
    cuts.reserve(p.ranges.size() + p.text.size() / 4);
    for (const text_range& r : p.ranges) {
      const std::size_t first = cuts.size();
      std::size_t kept = 0;
      bool matched = false;  // whether the part before this one was a match
      finder_.for_each(p.view(r), [&](std::size_t begin, std::size_t end) {
        if (kept < begin) add(cuts, first, {r.begin + kept, r.begin + begin}, invert_, matched);
        if (begin < end) add(cuts, first, {r.begin + begin, r.begin + end}, !invert_, matched);
        kept = end;
      });
      if (r.begin + kept < r.end) add(cuts, first, {r.begin + kept, r.end}, invert_, matched);
    }
    p.ranges.swap(cuts);
  }

 private:
  void add(std::vector<text_range>& cuts, std::size_t first, text_range part, bool match,
           bool& matched) const {
    const bool has_neighbour = cuts.size() > first;
    bool join = false;
    switch (behavior_) {
      case split_behavior::isolated:
        break;
      case split_behavior::removed:
        if (match) return;
        break;
      case split_behavior::contiguous:
        join = match == matched;
        break;
      case split_behavior::merged_with_previous:
        join = match && !matched;
        break;
      case split_behavior::merged_with_next:
        join = matched && !match;
        break;
    }
    matched = match;
    if (join && has_neighbour)
      cuts.back().end = part.end;
    else
      cuts.push_back(part);
  }

  Finder finder_;
  split_behavior behavior_;
  bool invert_;
};

// Finds each character for which is_match is true.
struct char_finder {
  bool (*is_match)(char32_t);

  template <class Visit>
  void for_each(std::string_view text, const Visit& visit) const {
    for (std::size_t at = 0; at < text.size();) {
      const text_char c = char_at(text, at);
      if (is_match(c.value)) visit(at, at + c.length);
      at += c.length;
    }
  }
};

struct words_finder {
  std::string words;

  template <class Visit>
  void for_each(std::string_view text, const Visit& visit) const {
    if (words.empty()) return;
    for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at)) {
      visit(at, at + words.size());
      at += words.size();
    }
  }
};

// \w+|[^\w\s]+
inline std::size_t scan_words(std::string_view text, std::size_t at) {
  scan s(text, at);
  if ((s.next() & char_class::word) != 0) return s.all(char_class::word).at();
  return is_space(char_at(text, at).value) ? at : s.none(char_class::word | char_class::space).at();
}

// Splits by a regular expression: with its hand-written scanner if there is one, otherwise with Oniguruma.
inline std::unique_ptr<pre_tokenizer> make_pattern_split(const std::string& expression,
                                                         split_behavior behavior, bool invert) {
  if (const scanner known = scanner_of(expression))
    return std::make_unique<split_pre_tokenizer<scanner_finder>>(scanner_finder{known}, behavior,
                                                                 invert);
  return std::make_unique<split_pre_tokenizer<pattern>>(pattern(expression), behavior, invert);
}

inline std::unique_ptr<pre_tokenizer> make_char_split(bool (*is_match)(char32_t),
                                                      split_behavior behavior) {
  return std::make_unique<split_pre_tokenizer<char_finder>>(char_finder{is_match}, behavior);
}

// Changes the text of each piece: change(made, piece, first) appends the new text to `made`; `first` is
// true for a piece at the start of the text.
template <class Change>
void change_pieces(pieces& p, const Change& change) {
  std::string made;
  made.reserve(p.text.size() + p.text.size() / 4);
  for (text_range& r : p.ranges) {
    const std::size_t begin = made.size();
    change(made, p.view(r), p.at_start && r.begin == 0);
    r = {begin, made.size()};
  }
  p.text.swap(made);
}

// GPT-2's byte-level step: optionally adds a space before the text, optionally splits it by GPT-2's
// pattern, and writes bytes in GPT-2's alphabet, unless the model reads plain bytes.
class byte_level_pre_tokenizer : public pre_tokenizer {
 public:
  byte_level_pre_tokenizer(bool add_prefix_space, bool use_pattern, bool to_alphabet)
      : add_prefix_space_(add_prefix_space), use_pattern_(use_pattern), to_alphabet_(to_alphabet) {}

  void cut(pieces& p) const override {
    if (add_prefix_space_)
      change_pieces(p, [](std::string& made, std::string_view piece, bool) {
        if (piece[0] != ' ') made += ' ';
        made += piece;
      });
    if (use_pattern_) split_.cut(p);
    if (to_alphabet_)
      change_pieces(p, [](std::string& made, std::string_view piece, bool) {
        made += in_byte_alphabet(piece);
      });
  }

 private:
  bool add_prefix_space_, use_pattern_, to_alphabet_;
  split_pre_tokenizer<scanner_finder> split_{scanner_finder{scan_gpt2}, split_behavior::isolated};
};

enum class prepend_scheme { always, first, never };

// SentencePiece's pre-tokenizer: spaces become a mark (U+2581), which begins each piece.
class metaspace_pre_tokenizer : public pre_tokenizer {
 public:
  metaspace_pre_tokenizer(const std::string& mark, prepend_scheme scheme, bool split)
      : mark_(mark),
        scheme_(scheme),
        cut_(split),
        split_({mark}, split_behavior::merged_with_next) {}

  void cut(pieces& p) const override {
    change_pieces(p, [&](std::string& made, std::string_view piece, bool first) {
      const bool marked = piece[0] == ' ' || piece.substr(0, mark_.size()) == mark_;
      if (!marked &&
          (scheme_ == prepend_scheme::always || (scheme_ == prepend_scheme::first && first)))
        made += mark_;
      for (const char c : piece)
        if (c == ' ')
          made += mark_;
        else
          made += c;
    });
    if (cut_) split_.cut(p);
  }

 private:
  std::string mark_;
  prepend_scheme scheme_;
  bool cut_;
  split_pre_tokenizer<words_finder> split_;
};

class fixed_length_pre_tokenizer : public pre_tokenizer {
 public:
  explicit fixed_length_pre_tokenizer(std::size_t length) : length_(length) {}
  void cut(pieces& p) const override {
    std::vector<text_range> cuts;
    for (const text_range& r : p.ranges) {
      std::size_t count = 0;
      for (std::size_t at = r.begin; at < r.end; ++count) {
        const std::size_t end = at + char_at(p.text, at).length;
        if (count % length_ == 0)
          cuts.push_back({at, end});
        else
          cuts.back().end = end;
        at = end;
      }
    }
    p.ranges.swap(cuts);
  }

 private:
  std::size_t length_;
};

class pre_tokenizer_sequence : public pre_tokenizer {
 public:
  explicit pre_tokenizer_sequence(std::vector<std::unique_ptr<pre_tokenizer>> steps)
      : steps_(std::move(steps)) {}
  void cut(pieces& p) const override {
    for (const auto& step : steps_) step->cut(p);
  }

 private:
  std::vector<std::unique_ptr<pre_tokenizer>> steps_;
};

inline std::unique_ptr<pre_tokenizer> make_bert_pre_tokenizer() {
  std::vector<std::unique_ptr<pre_tokenizer>> steps;
  steps.push_back(make_char_split(is_space, split_behavior::removed));
  steps.push_back(make_char_split(is_punctuation, split_behavior::isolated));
  return std::make_unique<pre_tokenizer_sequence>(std::move(steps));
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
