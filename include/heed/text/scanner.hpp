// SPDX-License-Identifier: MIT
// Hand-written scanners for the patterns of well-known tokenizers: they find the same matches as
// Oniguruma, faster.
//
//   detail::text::scanner_of("'s|'t|'re|'ve|...");  // GPT-2's pattern: scan_gpt2
//   detail::text::scan_gpt2("to be", 2);            // 5: the match is " be"
#pragma once

#include <heed/text/scan.hpp>  // scan, onig_classes

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Returns the end of the match that begins at byte `at`; `at` itself if none begins there.
using scanner = std::size_t (*)(std::string_view text, std::size_t at);

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
inline std::size_t scan_gpt2(std::string_view text, std::size_t at) {
  using namespace char_class;
  scan s(text, at);
  if (const std::size_t ending = s.ending(false); ending > 0) return at + ending;
  if (s.byte() == ' ' && s.second_is_not(space)) s.step();
  const unsigned kind = s.next();
  if ((kind & letter) != 0) return s.all(letter).at();
  if ((kind & number) != 0) return s.all(number).at();
  if ((kind & space) == 0) return s.none(space | letter | number).at();
  return s.spaces();
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,Digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+
template <std::size_t Digits>
std::size_t scan_gpt4(std::string_view text, std::size_t at) {
  using namespace char_class;
  scan s(text, at);
  if (const std::size_t ending = s.ending(true); ending > 0) return at + ending;
  const unsigned kind = s.next();
  if ((kind & letter) != 0) return s.all(letter).at();
  if ((kind & number) != 0) return s.all(number, Digits).at();
  if ((kind & newline) == 0 && (s.second() & letter) != 0) return s.step().all(letter).at();
  if (s.byte() == ' ' && s.second_is_not(space | letter | number)) s.step();
  if (s.next_is_not(space)) return s.none(space | letter | number).all(newline).at();
  return s.spaces_or_lines();
}

// \p{N}{1,3}
inline std::size_t scan_three_digits(std::string_view text, std::size_t at) {
  return scan(text, at).all(char_class::number, 3).at();
}

// [一-龥\u3040-ゟ゠-ヿ]+
inline std::size_t scan_east_asian(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const text_char c = char_at(text, at);
    if (!((c.value >= 0x4E00 && c.value <= 0x9FA5) || (c.value >= 0x3040 && c.value <= 0x30FF)))
      break;
    at += c.length;
  }
  return at;
}

// [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
//  ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
inline std::size_t scan_deepseek(std::string_view text, std::size_t at) {
  using namespace char_class;
  const auto is_english = [&](std::size_t i) {
    return i < text.size() &&
           ((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z'));
  };
  scan s(text, at);
  const unsigned kind = s.next();
  if ((kind & (punctuation | symbol)) != 0) {
    if (byte_of(s.byte()) < 0x80 && is_english(at + 1)) {
      while (is_english(++at)) {
      }
      return at;
    }
    return s.all(punctuation | symbol).all(newline).at();
  }
  if ((kind & (letter | mark)) != 0) return s.all(letter | mark).at();
  if ((kind & newline) == 0 && (s.second() & (letter | mark)) != 0)
    return s.step().all(letter | mark).at();
  if (s.byte() == ' ' && (s.second() & (punctuation | symbol)) != 0)
    return s.step().all(punctuation | symbol).all(newline).at();
  return (kind & space) != 0 ? s.spaces_or_lines() : at;
}

// [Upper]*[Lower]+ from `at` on; `at` if there is no match. Letters without case are in both classes.
inline std::size_t scan_to_lower(std::string_view text, std::size_t at) {
  using namespace char_class;
  scan s(text, at);
  std::size_t last_lower = at;  // after the last character of [Upper]* that is also in [Lower]
  while (!s.done() && (s.next() & upper) != 0) {
    const bool also_lower = (s.next() & lower) != 0;
    s.step();
    if (also_lower) last_lower = s.at();
  }
  return (s.next() & lower) != 0 ? s.all(lower).at() : last_lower;
}

// GPT-4o's: [^\r\n\p{L}\p{N}]?[Upper]*[Lower]+(?i:'s|...)?|[^\r\n\p{L}\p{N}]?[Upper]+[Lower]*(?i:'s|...)?|
// \p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+ ; Mistral's Tekken is this with single
// digits and without endings.
template <std::size_t Digits, class Ending>
std::size_t scan_gpt4o(std::string_view text, std::size_t at, Ending ending) {
  using namespace char_class;
  scan s(text, at);
  const unsigned kind = s.next();
  const bool leads = !s.done() && (kind & (letter | number | newline)) == 0;
  const std::size_t behind = leads ? scan(text, at).step().at() : at;  // the letters' beginning
  std::size_t end = scan_to_lower(text, behind);
  if (end == behind) end = scan_to_lower(text, at);
  if (end == at) {
    end = scan(text, behind).all(upper).at();
    if (end == behind) end = scan(text, at).all(upper).at();
  }
  if (end > at) return end + ending(scan(text, end));
  if ((kind & number) != 0) return s.all(number, Digits).at();
  if (s.byte() == ' ' && s.second_is_not(space | letter | number)) s.step();
  if (!s.next_is_not(space)) return s.spaces_or_lines();
  end = s.none(space | letter | number).at();
  while (end < text.size() && (text[end] == '\r' || text[end] == '\n' || text[end] == '/')) ++end;
  return end;
}
inline std::size_t scan_o200k(std::string_view text, std::size_t at) {
  return scan_gpt4o<3>(text, at, [](const scan& s) { return s.ending(true); });
}
inline std::size_t scan_tekken(std::string_view text, std::size_t at) {
  return scan_gpt4o<1>(text, at, [](const scan&) { return std::size_t(0); });
}

// CLIP's: 's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
inline std::size_t scan_clip(std::string_view text, std::size_t at) {
  using namespace char_class;
  scan s(text, at);
  if (const std::size_t ending = s.ending(false); ending > 0) return at + ending;
  const unsigned kind = s.next();
  if ((kind & letter) != 0) return s.all(letter).at();
  if ((kind & number) != 0) return s.step().at();
  return s.none(space | letter | number).at();
}

// \s+
inline std::size_t scan_spaces(std::string_view text, std::size_t at) {
  return scan(text, at).all(char_class::space).at();
}

//  {2,}
inline std::size_t scan_two_blanks(std::string_view text, std::size_t at) {
  const std::size_t end = (std::min)(text.find_first_not_of(' ', at), text.size());
  return end - at > 1 ? end : at;
}

struct known_pattern {
  std::string_view expression;
  scanner scan;
};

inline constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view three_digits_pattern = R"(\p{N}{1,3})";
inline constexpr std::string_view east_asian_pattern = "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";
inline constexpr std::string_view deepseek_pattern =
    "[!\"#$%&'()*+,\\-./"
    ":;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";
inline constexpr std::string_view o200k_pattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view tekken_pattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view clip_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";

inline constexpr known_pattern known_patterns[] = {
    {gpt2_pattern, scan_gpt2},
    {llama3_pattern, scan_gpt4<3>},
    {qwen2_pattern, scan_gpt4<1>},
    {three_digits_pattern, scan_three_digits},
    {east_asian_pattern, scan_east_asian},
    {deepseek_pattern, scan_deepseek},
    {o200k_pattern, scan_o200k},
    {tekken_pattern, scan_tekken},
    {clip_pattern, scan_clip},
    {R"(\s+)", scan_spaces},
    {" {2,}", scan_two_blanks},
};

// Calls visit(begin, end) for each match in a text.
struct scanner_finder {
  scanner scan;

  template <class Visit>
  void for_each(std::string_view text, const Visit& visit) const {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = scan(text, at);
      if (end > at) visit(at, end);
      at = end > at ? end : at + char_at(text, at).length;
    }
  }
};

// Null for a pattern without a hand-written scanner.
inline scanner scanner_of(std::string_view expression) {
  for (const known_pattern& known : known_patterns)
    if (known.expression == expression) return known.scan;
  return nullptr;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
