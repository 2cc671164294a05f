// SPDX-License-Identifier: MIT
// A caption and a picture as one sequence of tokens: 9 words, then 144 patches of 2 x 2 pixels, row after row.
//
// A patch is paper, or has one colour in some of its four pixels: 1 + 6 * 15 tokens encode all patches without loss.
// A caption that is shorter than 9 words is padded with the token of the empty word.
//
//   const std::vector<heed::index> ids = tokens::of("a red circle", p);  // 153 of them
#pragma once

#include "picture.hpp"

#include <heed/core/types.hpp>

namespace tokens {

inline constexpr std::array words{"",       "a",        "an",      "above",  "below",
                                  "left",   "right",    "of",      "red",    "green",
                                  "blue",   "yellow",   "purple",  "orange", "circle",
                                  "square", "triangle", "diamond", "cross"};

inline constexpr heed::index caption = 9;                  // tokens of a caption
inline constexpr heed::index columns = picture::side / 2;  // patches of a row
inline constexpr heed::index patches = columns * columns;
inline constexpr heed::index sequence = caption + patches;
inline constexpr heed::index patch_kinds = 1 + 15 * static_cast<heed::index>(colour_names.size());
inline constexpr heed::index first_word = patch_kinds;  // ids below are patches
inline constexpr heed::index vocabulary = patch_kinds + static_cast<heed::index>(words.size());

// The tokens of a valid caption, padded to `caption` tokens.
inline std::vector<heed::index> of_caption(std::string_view text) {
  std::vector<heed::index> ids;
  for (const std::string& word : words_of(text))
    ids.push_back(first_word + (std::find(words.begin(), words.end(), word) - words.begin()));
  ids.resize(static_cast<std::size_t>(caption), first_word);
  return ids;
}

inline std::vector<heed::index> of_picture(const picture& p) {
  std::vector<heed::index> ids;
  for (int y = 0; y < picture::side; y += 2)
    for (int x = 0; x < picture::side; x += 2) {
      heed::index covered = 0;
      pixel ink = paper;
      for (int i = 0; i < 4; ++i) {
        const pixel one = p.at(x + i % 2, y + i / 2);
        if (one == paper) continue;
        covered |= heed::index(1) << i;
        ink = one;
      }
      ids.push_back(covered == 0 ? 0 : 15 * (ink - 1) + covered);
    }
  return ids;
}

// Draws patch number `i` of a picture; a token that is not a patch is drawn as paper.
inline void draw(picture& p, heed::index i, heed::index id) {
  const int x = static_cast<int>(i % columns) * 2, y = static_cast<int>(i / columns) * 2;
  const bool ink = id > 0 && id < patch_kinds;
  for (int pixel_of_four = 0; pixel_of_four < 4; ++pixel_of_four) {
    const bool covered = ink && (((id - 1) % 15 + 1) >> pixel_of_four & 1) != 0;
    p.at(x + pixel_of_four % 2, y + pixel_of_four / 2) =
        covered ? static_cast<pixel>(1 + (id - 1) / 15) : paper;
  }
}

inline picture picture_of(const std::vector<heed::index>& patch_ids) {
  picture p;
  for (std::size_t i = 0; i < patch_ids.size(); ++i)
    draw(p, static_cast<heed::index>(i), patch_ids[i]);
  return p;
}

}  // namespace tokens
