// SPDX-License-Identifier: MIT
// Writes a byte-level tokenizer, whose tokens are bytes or merges of them, as a tokenizer.json of
// Hugging Face.
//
//   heed::save_byte_tokenizer("my-model", {});  // 256 tokens: the id of a byte is the byte
//   heed::load_tokenizer("my-model").encode("abc");  // {97, 98, 99}
#pragma once

#include <heed/config.hpp>      // HEED_MODELS_INLINE
#include <heed/core/types.hpp>  // index

#include <filesystem>  // path
#include <utility>     // pair
#include <vector>      // vector

namespace heed {
inline namespace HEED_ABI {

// Two tokens, by their ids, that become one: merge i makes token 256 + i.
using byte_merges = std::vector<std::pair<index, index>>;

// Writes tokenizer.json and tokenizer_config.json into the folder, which must exist. With merges,
// texts are split into words first, as in GPT-2; without merges they are not. Throws file_error if a
// file cannot be written, and shape_error for merges of tokens that do not exist.
void save_byte_tokenizer(const std::filesystem::path& folder, const byte_merges& merges);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/file_error.hpp>                            // file_error
#include <heed/text/save_byte_tokenizer_implementation.hpp>  // what the file above declares
#endif
