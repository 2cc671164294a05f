// SPDX-License-Identifier: MIT
// The definitions of save_byte_tokenizer.hpp. A program that links CMake's heed_models, which
// contains these compiled, does not include this file.
//
//   #include <heed/text/save_byte_tokenizer.hpp>  // includes this file
#pragma once

#include <heed/io/json.hpp>                   // nlohmann::json
#include <heed/io/new_file.hpp>               // new_file
#include <heed/text/byte_alphabet.hpp>        // in_byte_alphabet
#include <heed/text/save_byte_tokenizer.hpp>  // what is defined here

#include <string>   // string
#include <utility>  // pair
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// The bytes of each token.
inline std::vector<std::string> bytes_of_tokens(const byte_merges& merges) {
  std::vector<std::string> tokens;
  for (int b = 0; b < 256; ++b) tokens.emplace_back(1, static_cast<char>(b));
  for (const auto& [first, second] : merges) {
    const auto known = static_cast<index>(tokens.size());
    require(first >= 0 && first < known && second >= 0 && second < known,
            "heed::save_byte_tokenizer: a merge is of tokens ", first, " and ", second,
            ", but only ", known, " are known before it");
    tokens.push_back(tokens[static_cast<std::size_t>(first)] +
                     tokens[static_cast<std::size_t>(second)]);
  }
  return tokens;
}

inline std::string byte_tokenizer_text(const byte_merges& merges) {
  nlohmann::ordered_json level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}};
  level["use_regex"] = !merges.empty();
  nlohmann::ordered_json vocabulary = nlohmann::ordered_json::object(),
                         pairs = nlohmann::ordered_json::array();
  const std::vector<std::string> tokens = bytes_of_tokens(merges);
  for (std::size_t id = 0; id < tokens.size(); ++id) vocabulary[in_byte_alphabet(tokens[id])] = id;
  for (const auto& [first, second] : merges)
    pairs.push_back({in_byte_alphabet(tokens[static_cast<std::size_t>(first)]),
                     in_byte_alphabet(tokens[static_cast<std::size_t>(second)])});
  nlohmann::ordered_json t;
  t["version"] = "1.0";
  for (const char* const none : {"truncation", "padding"}) t[none] = nullptr;
  t["added_tokens"] = nlohmann::ordered_json::array();
  t["normalizer"] = nullptr;
  t["pre_tokenizer"] = level;
  t["post_processor"] = nullptr;
  t["decoder"] = level;
  t["model"] = {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", nullptr},
                {"continuing_subword_prefix", nullptr},
                {"end_of_word_suffix", nullptr},
                {"fuse_unk", false},
                {"byte_fallback", false},
                {"ignore_merges", false},
                {"vocab", vocabulary},
                {"merges", pairs}};
  return t.dump(1) + '\n';
}

}  // namespace detail::text

HEED_MODELS_INLINE void save_byte_tokenizer(const std::filesystem::path& folder,
                                            const byte_merges& merges) {
  detail::write_text(folder / "tokenizer.json", detail::text::byte_tokenizer_text(merges));
  detail::write_text(
      folder / "tokenizer_config.json",
      "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", \"clean_up_tokenization_spaces\": "
      "false}\n");
}

}  // namespace HEED_ABI
}  // namespace heed
