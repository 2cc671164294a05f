// SPDX-License-Identifier: MIT
// Trains a byte-pair tokenizer on a text: learns which neighbouring tokens are merged into one.
//
//   const heed::byte_merges merges = heed::learn_merges("ab ab abc", 258);  // {{'a', 'b'}, {' ', 256}}
//   heed::save_byte_tokenizer("my-model", merges);
//
// Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016.
#pragma once

#include <heed/config.hpp>                    // HEED_MODELS_INLINE
#include <heed/text/save_byte_tokenizer.hpp>  // byte_merges

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// Merges for a vocabulary of `vocabulary` tokens, the 256 bytes among them, or fewer if no pair
// occurs twice. The text is split into words as in GPT-2, and no merge crosses the end of a word.
// The same text gives the same merges on every machine. Throws shape_error for a vocabulary below
// 256.
[[nodiscard]] byte_merges learn_merges(std::string_view text, index vocabulary);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/text/learn_merges_implementation.hpp>  // what the file above declares
#endif
