// SPDX-License-Identifier: MIT
// Copies the files of a tokenizer from the folder of one model to that of another.
#pragma once

#include <filesystem>
#include <initializer_list>

inline void copy_files(const std::filesystem::path& from, const std::filesystem::path& to,
                       std::initializer_list<const char*> names) {
  for (const char* const name : names)
    if (std::filesystem::is_regular_file(from / name) && !std::filesystem::equivalent(from, to))
      std::filesystem::copy_file(from / name, to / name,
                                 std::filesystem::copy_options::overwrite_existing);
}

inline void copy_tokenizer(const std::filesystem::path& from, const std::filesystem::path& to) {
  copy_files(from, to,
             {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
              "vocab.txt", "merges.txt", "tokenizer.model", "chat_template.jinja",
              "generation_config.json"});
}
