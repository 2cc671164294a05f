// SPDX-License-Identifier: MIT
// The attention masks of the layers: all words of the caption and, of the earlier patches, those of the same row, of the
// same column or nearby.
//
//   layer.rules.sees = patterns::row;                                            // of a layer of a model
//   heed::attention(q, k, v, out, heed::causal && heed::where(patterns::row));   // of a call
//
// The place of a query is that of the patch that it predicts, which is the next one: the query of the last word
// predicts patch 0. Ramesh et al., "Zero-Shot Text-to-Image Generation", 2021, section 2.4 and figure 11.
#pragma once

#include "tokens.hpp"

#include <heed/modifiers/at.hpp>

namespace patterns {

// true for all words; for a patch, sees(rows, columns) of the distance from that patch to the predicted one.
template <class Sees>
constexpr bool among_patches(heed::at i, const Sees& sees) {
  constexpr auto caption = static_cast<int>(tokens::caption),
                 columns = static_cast<int>(tokens::columns);
  if (i.key < caption) return true;
  const int predicted = i.query + 1 - caption, key = i.key - caption;
  return sees(predicted / columns - key / columns, predicted % columns - key % columns);
}

// The same row, and the row above.
constexpr bool row(heed::at i) {
  return among_patches(i, [](int down, int) { return down <= 1; });
}
constexpr bool column(heed::at i) {
  return among_patches(i, [](int, int across) { return across == 0; });
}
// At most two rows and two columns away.
constexpr bool local(heed::at i) {
  return among_patches(
      i, [](int down, int across) { return down <= 2 && across <= 2 && across >= -2; });
}

}  // namespace patterns

// The mask of each layer, from the first to the last.
struct layer_pattern {
  const char* name;
  bool (*sees)(heed::at);
};
inline constexpr std::array<layer_pattern, 4> layer_patterns{{{"column", patterns::column},
                                                              {"row", patterns::row},
                                                              {"local", patterns::local},
                                                              {"row", patterns::row}}};
