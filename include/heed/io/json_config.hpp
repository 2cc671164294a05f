// SPDX-License-Identifier: MIT
// A Hugging Face config.json.
//
//   const heed::config c = heed::read_json_config("llama/config.json");
//   c.text("model_type");                        // "llama"
//   c.object("rope_scaling").number("factor", 1);  // 1: there is none
#pragma once

#include <heed/config.hpp>     // HEED_MODELS_INLINE
#include <heed/io/config.hpp>  // config

#include <filesystem>   // path
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::size_t largest_config = 64 << 20;

// The same from text, whose errors name the file.
config parse_json_config(std::string_view text, const std::string& file);

}  // namespace detail

// Throws file_error if the file cannot be read, is larger than 64 MiB, is no JSON object, has a name
// twice in an object, is nested more than 32 deep or holds more than 4 million values.
[[nodiscard]] config read_json_config(const std::filesystem::path& path);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/json_config_implementation.hpp>  // what the file above declares
#endif
