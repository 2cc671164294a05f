// SPDX-License-Identifier: MIT
// Parses a caption to the scene that it describes.
//
//   scene_of("A red circle, to the left of a blue square.")  // {{red, circle}, left, {blue, square}}
//   scene_of("a pink circle")  // throws: "pink" is not among the words that are known here: colours are red, ...
#pragma once

#include "scene.hpp"

namespace captions {

inline constexpr std::array small_words{"a", "an", "the", "to", "of"};

// "red, green, ... and orange"
template <std::size_t Count>
std::string listed(const std::array<const char*, Count>& names, const char* last = " and ") {
  std::string text = names[0];
  for (std::size_t i = 1; i < Count; ++i)
    text += (i + 1 < Count ? ", " : last) + std::string(names[i]);
  return text;
}

inline std::string what_is_known() {
  return "colours are " + listed(colour_names) + "; shapes are " + listed(shape_names) +
         "; one stands above, below, left of or right of the other";
}

inline bool known(const std::string& word) {
  return named<colour>(colour_names, word) || named<shape>(shape_names, word) ||
         named<relation>(relation_names, word) ||
         std::find(small_words.begin(), small_words.end(), word) != small_words.end();
}

// Reads the words of a caption in order.
class reader {
 public:
  explicit reader(std::string_view caption) : caption_(caption) {
    for (std::string& word : words_of(caption)) {
      if (!known(word))
        throw caption_error("\"" + word +
                            "\" is not among the words that are known here: " + what_is_known());
      if (std::find(small_words.begin(), small_words.end(), word) == small_words.end())
        words_.push_back(std::move(word));
    }
  }

  template <class Enum, std::size_t Count>
  Enum take(const std::array<const char*, Count>& names, const char* what) {
    const std::optional<Enum> one =
        at_ < words_.size() ? named<Enum>(names, words_[at_]) : std::nullopt;
    if (!one)
      throw caption_error(
          "\"" + caption_ + "\": " + what + " is awaited " +
          (at_ < words_.size() ? "where \"" + words_[at_] + "\" stands" : "at the end") +
          "; say it like \"a red circle above a blue square\"");
    ++at_;
    return *one;
  }
  thing take_thing() {
    const auto hue = take<colour>(colour_names, "a colour");
    return {hue, take<shape>(shape_names, "a shape")};
  }
  [[nodiscard]] bool at_end() const { return at_ == words_.size(); }

 private:
  std::string caption_;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

}  // namespace captions

// Throws caption_error for unknown words and for words in an unexpected order.
inline scene scene_of(std::string_view caption) {
  captions::reader words(caption);
  scene s{words.take_thing(), std::nullopt};
  if (words.at_end()) return s;
  const auto where = words.take<relation>(relation_names, "above, below, left of or right of");
  s.beside = {where, words.take_thing()};
  if (!words.at_end())
    throw caption_error(
        "\"" + std::string(caption) +
        "\": there are words behind the second thing, but a picture shows two at most");
  return s;
}
