// SPDX-License-Identifier: MIT
// Splits a text into passages (chunks) of at most `tokens` tokens, which begin and end with
// sentences or lines.
//
//   const auto words = [](std::string_view s) { return heed::index(1 + std::count(s.begin(), s.end(), ' ')); };
//   heed::passages("One two. Three four. Five six.", words, {.tokens = 4, .overlap = 2});
//   // {0, 20} "One two. Three four.", {9, 21} "Three four. Five six."
#pragma once

#include <heed/core/check.hpp>  // require
#include <heed/text/utf8.hpp>   // char_at, char_length

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

// A range of bytes of a text, without white space at either end.
struct passage {
  std::size_t offset;
  std::size_t size;

  [[nodiscard]] std::string_view of(std::string_view text) const {
    return text.substr(offset, size);
  }
  friend bool operator==(const passage&, const passage&) = default;
};

struct passage_sizes {
  index tokens = 100;  // the most tokens of a passage: the sum of `count` over its sentences
  index overlap = 25;  // the most tokens, of whole sentences, that the next passage repeats
};

namespace detail::text {

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

inline passage trimmed(std::string_view text, std::size_t begin, std::size_t end) {
  while (begin < end && is_space(text[begin])) ++begin;
  while (end > begin && is_space(text[end - 1])) --end;
  return {begin, end - begin};
}

// Whether a sentence may end with the character: in any case, or only before white space.
inline bool ends_a_sentence(char32_t c) { return c == U'。' || c == U'！' || c == U'？'; }
inline bool ends_before_space(char32_t c) {
  return c == U'.' || c == U'!' || c == U'?' || c == U'…' || c == U'।' || c == U'؟';
}

// The sentences and lines of a text, in order.
inline std::vector<passage> sentences(std::string_view text) {
  std::vector<passage> found;
  std::size_t begin = 0;
  const auto end_at = [&](std::size_t end) {
    const passage sentence = trimmed(text, begin, end);
    if (sentence.size > 0) found.push_back(sentence);
    begin = end;
  };
  for (std::size_t at = 0; at < text.size();) {
    const text_char c = char_at(text, at);
    at += c.length;
    if (c.value == U'\n' || ends_a_sentence(c.value) ||
        (ends_before_space(c.value) && at < text.size() && is_space(text[at])))
      end_at(at);
  }
  end_at(text.size());
  return found;
}

// The byte at which to split a sentence that is too long: the white space nearest to its middle or, if
// there is none, the character at the middle. The sentence's size if it is one character.
inline std::size_t middle_of(std::string_view sentence) {
  const std::size_t middle = sentence.size() / 2;
  for (std::size_t away = 0; away + 1 < middle; ++away)
    for (const std::size_t at : {middle - away, middle + away})
      if (at < sentence.size() && is_space(sentence[at])) return at;
  const std::size_t begin = char_before(sentence, middle + 1);
  return begin > 0 ? begin : (std::min)(char_length(sentence[0]), sentence.size());
}

struct counted_passage {
  passage where;
  index tokens;
};

}  // namespace detail::text

// The passages of a text, in order. count(text): the number of tokens of a piece of the text. Sentences of more
// than sizes.tokens tokens are halved, at white space if there is any. Text that is not UTF-8 is split at bytes.
// Throws shape_error unless 0 <= overlap < tokens.
template <class Count>
[[nodiscard]] std::vector<passage> passages(std::string_view text, const Count& count,
                                            const passage_sizes& sizes = {}) {
  detail::require(sizes.overlap >= 0 && sizes.overlap < sizes.tokens, "heed::passages: overlap is ",
                  sizes.overlap, ", tokens is ", sizes.tokens,
                  "; overlap may not be negative, and must be smaller than tokens");
  std::vector<detail::text::counted_passage> pieces;
  for (const passage& sentence : detail::text::sentences(text)) {
    std::vector<passage> left{sentence};  // a stack of pieces to halve: the first piece is last
    while (!left.empty()) {
      const passage piece = left.back();
      left.pop_back();
      const index tokens = count(piece.of(text));
      const std::size_t end = piece.offset + piece.size,
                        middle = piece.offset + detail::text::middle_of(piece.of(text));
      if (tokens <= sizes.tokens || middle >= end) {
        pieces.push_back({piece, tokens});
        continue;
      }
      for (const passage& half : {detail::text::trimmed(text, middle, end),
                                  detail::text::trimmed(text, piece.offset, middle)})
        if (half.size > 0) left.push_back(half);
    }
  }

  std::vector<passage> found;
  for (std::size_t first = 0, next = 0; next < pieces.size();) {
    index tokens = 0;
    for (std::size_t i = first; i < next; ++i) tokens += pieces[i].tokens;
    // Repeated sentences are dropped if there is no room for new ones.
    while (first < next && tokens + pieces[next].tokens > sizes.tokens)
      tokens -= pieces[first++].tokens;
    do {
      tokens += pieces[next++].tokens;
    } while (next < pieces.size() && tokens + pieces[next].tokens <= sizes.tokens);
    const passage& last = pieces[next - 1].where;
    const std::size_t begin = pieces[first].where.offset;
    found.push_back({begin, last.offset + last.size - begin});
    first = next;
    for (index repeated = 0; first > 0; --first) {
      repeated += pieces[first - 1].tokens;
      if (repeated > sizes.overlap) break;
    }
  }
  return found;
}

}  // namespace HEED_ABI
}  // namespace heed
