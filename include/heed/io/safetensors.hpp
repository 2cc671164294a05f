// SPDX-License-Identifier: MIT
// Reads safetensors files: eight bytes of length, a JSON header, the tensors' bytes.
//
//   const heed::tensor_file file = heed::read_safetensors("gpt2");  // a folder, one file, or an index
//   file["wte.weight"].type;                                        // heed::dtype::f32
#pragma once

#include <heed/config.hpp>          // HEED_MODELS_INLINE
#include <heed/io/tensor_file.hpp>  // tensor_file

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The format's own limit.
inline constexpr std::uint64_t largest_safetensors_header = 100'000'000;

// The tensors of a file whose bytes these are.
tensors_and_metadata parse_safetensors(std::span<const std::byte> bytes, const std::string& file);

}  // namespace detail

// A folder that holds model.safetensors or model.safetensors.index.json, such an index (whatever ends
// with .json), or one file. Of a shard only the tensors that the index names are taken. Throws
// file_error if a file cannot be read; if a header is longer than 100 MB, is no JSON or has a tensor
// whose dtype, shape or place is wrong; if tensors overlap or bytes belong to none.
tensor_file read_safetensors(const std::filesystem::path& path);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/safetensors_implementation.hpp>  // what the file above declares
#endif
