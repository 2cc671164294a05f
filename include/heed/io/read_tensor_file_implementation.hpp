// SPDX-License-Identifier: MIT
// The definitions of read_tensor_file.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/read_tensor_file.hpp>  // includes it
#pragma once

#include <heed/io/byte_reader.hpp>       // text_of
#include <heed/io/gguf.hpp>              // parse_gguf
#include <heed/io/llama2c.hpp>           // parse_llama2c
#include <heed/io/read_tensor_file.hpp>  // what is defined here
#include <heed/io/safetensors.hpp>       // read_safetensors, parse_safetensors

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The format is seen from the first bytes: GGUF's name; a length and a JSON object; sizes of llama2.c.
inline tensors_and_metadata parse_tensors(std::span<const std::byte> bytes,
                                          const std::string& file) {
  const std::string_view first = text_of(bytes.first((std::min)(bytes.size(), std::size_t(9))));
  if (first.starts_with("GGUF")) return parse_gguf(bytes, file);
  if (first.size() == 9 && first.back() == '{') return parse_safetensors(bytes, file);
  return parse_llama2c(bytes, file);
}

}  // namespace detail

HEED_MODELS_INLINE tensor_file read_tensor_file(const std::filesystem::path& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none) || path.extension() == ".json")
    return read_safetensors(path);
  return detail::read_tensors(path, detail::parse_tensors);
}

}  // namespace HEED_ABI
}  // namespace heed
