// SPDX-License-Identifier: MIT
// The tokenizer in the metadata of a GGUF file, as arrays.
//
//   vocabulary_arrays arrays = read_vocabulary(heed::read_gguf("model.gguf").metadata());
#pragma once

#include <heed/io/gguf.hpp>                 // read_gguf, config
#include <heed/text/vocabulary_arrays.hpp>  // vocabulary_arrays

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline vocabulary_arrays read_vocabulary(const config& metadata) {
  const auto name = [](const char* of) { return std::string("tokenizer.ggml.") + of; };
  const auto id = [&](const char* of) -> std::optional<index> {
    if (!metadata.contains(name(of))) return std::nullopt;
    const index given = metadata.integer(name(of));
    return given;
  };
  const auto flag = [&](const char* of) -> std::optional<bool> {
    if (!metadata.contains(name(of))) return std::nullopt;
    return metadata.flag(name(of));
  };
  vocabulary_arrays arrays;
  arrays.model = metadata.text(name("model"));
  arrays.pre_tokenizer = metadata.text(name("pre"), "");
  arrays.tokens = metadata.texts(name("tokens"));
  for (const double score : metadata.numbers(name("scores")))
    arrays.scores.push_back(static_cast<float>(score));
  for (const std::int64_t type : metadata.integers(name("token_type")))
    arrays.types.push_back(static_cast<std::int32_t>(type));
  arrays.merges = metadata.texts(name("merges"));
  for (const std::int64_t byte : metadata.integers(name("precompiled_charsmap")))
    arrays.charsmap.push_back(static_cast<char>(byte));
  arrays.bos = id("bos_token_id");
  arrays.eos = id("eos_token_id");
  arrays.unknown = id("unknown_token_id");
  arrays.pad = id("padding_token_id");
  arrays.add_bos = flag("add_bos_token");
  arrays.add_eos = flag("add_eos_token");
  arrays.add_space_prefix = flag("add_space_prefix");
  arrays.remove_extra_whitespaces = flag("remove_extra_whitespaces");
  arrays.chat_template = metadata.text("tokenizer.chat_template", "");
  return arrays;
}

// Whether a path has the name of a GGUF file.
inline bool names_gguf(const std::string& path) {
  return path.size() > 5 && path.compare(path.size() - 5, 5, ".gguf") == 0;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
