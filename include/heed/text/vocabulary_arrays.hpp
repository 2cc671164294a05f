// SPDX-License-Identifier: MIT
// A tokenizer as arrays, as in the metadata of GGUF files.
//
//   heed::vocabulary_arrays arrays{.model = "gpt2", .pre_tokenizer = "smollm", .tokens = {...}, ...};
//   heed::tokenizer text = heed::make_tokenizer(arrays);
#pragma once

#include <heed/core/types.hpp>  // index

#include <cstdint>   // int32_t
#include <optional>  // optional
#include <string>    // string
#include <vector>    // vector

namespace heed {
inline namespace HEED_ABI {

// The comment at each member is its name in GGUF, without "tokenizer.ggml."; an optional member that is not given
// has the default of the model.
struct vocabulary_arrays {
  // model: "gpt2" (byte-level BPE), "llama" (SentencePiece's BPE), "t5" (SentencePiece's unigram),
  // "bert" (WordPiece)
  std::string model = {};
  // pre: "gpt-2", "llama-bpe", "qwen2", "smollm", ...; for "gpt2" only
  std::string pre_tokenizer = {};
  std::vector<std::string> tokens = {};  // tokens
  std::vector<float> scores = {};        // scores: one for each token, for "llama" and "t5"
  // token_type, one for each token: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte; empty:
  // all tokens are normal
  std::vector<std::int32_t> types = {};
  std::vector<std::string> merges = {};               // merges: "left right", for "gpt2"
  std::string charsmap = {};                          // precompiled_charsmap: its bytes
  std::optional<index> bos = {};                      // bos_token_id
  std::optional<index> eos = {};                      // eos_token_id
  std::optional<index> unknown = {};                  // unknown_token_id
  std::optional<index> pad = {};                      // padding_token_id
  std::optional<bool> add_bos = {};                   // add_bos_token
  std::optional<bool> add_eos = {};                   // add_eos_token
  std::optional<bool> add_space_prefix = {};          // add_space_prefix
  std::optional<bool> remove_extra_whitespaces = {};  // remove_extra_whitespaces
  std::string chat_template = {};                     // tokenizer.chat_template
};

}  // namespace HEED_ABI
}  // namespace heed
