// SPDX-License-Identifier: MIT
// A Hugging Face config.json.
//
//   const heed::config c = heed::read_json_config("llama/config.json");
//   c.text("model_type");                        // "llama"
//   c.object("rope_scaling").number("factor", 1);  // 1: there is none
#pragma once

#include <heed/io/config.hpp>       // config
#include <heed/io/json.hpp>         // parse_json_object
#include <heed/io/mapped_file.hpp>  // mapped_file

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::size_t largest_config = 64 << 20;

// A file's bytes as text.
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline config parse_json_config(std::string_view text, const std::string& file) {
  require_file(text.size() <= largest_config, file, ": a config has at most ", largest_config,
               " bytes, this has ", text.size());
  return {file, parse_json_object(text, file)};
}

}  // namespace detail

// Throws file_error if the file cannot be read, is larger than 64 MiB, is no JSON object, has a name
// twice in an object, is nested more than 32 deep or holds more than 4 million values.
inline config read_json_config(const std::filesystem::path& path) {
  const mapped_file file(path);
  return detail::parse_json_config(detail::text_of(file.bytes()), path.string());
}

}  // namespace HEED_ABI
}  // namespace heed
