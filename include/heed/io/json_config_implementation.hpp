// SPDX-License-Identifier: MIT
// The definitions of json_config.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/json_config.hpp>  // includes it
#pragma once

#include <heed/io/byte_reader.hpp>  // text_of
#include <heed/io/json.hpp>         // parse_json_object
#include <heed/io/json_config.hpp>  // what is defined here
#include <heed/io/mapped_file.hpp>  // mapped_file

namespace heed {
inline namespace HEED_ABI {
namespace detail {

HEED_MODELS_INLINE config parse_json_config(std::string_view text, const std::string& file) {
  require_file(text.size() <= largest_config, file, ": a config has at most ", largest_config,
               " bytes, this has ", text.size());
  return {file, parse_json_object(text, file)};
}

}  // namespace detail

HEED_MODELS_INLINE config read_json_config(const std::filesystem::path& path) {
  const mapped_file file(path);
  return detail::parse_json_config(detail::text_of(file.bytes()), path.string());
}

}  // namespace HEED_ABI
}  // namespace heed
