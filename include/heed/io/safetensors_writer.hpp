// SPDX-License-Identifier: MIT
// Writes safetensors files.
//
//   const std::vector<heed::tensor_view> tensors = {heed::tensor_view_of("weight", w)};
//   heed::write_safetensors("model.safetensors", tensors, {{"format", "pt"}});
#pragma once

#include <heed/config.hpp>          // HEED_MODELS_INLINE
#include <heed/io/tensor_view.hpp>  // tensor_view

#include <filesystem>  // path
#include <map>         // map
#include <span>        // span
#include <string>      // string

namespace heed {
inline namespace HEED_ABI {

// Writes the tensors, those of larger numbers first and then by name, so that each lies at a multiple of
// its number's size. The file appears under its name when it is whole; until then, and if anything
// fails, a file of that name stays as it was. Throws file_error if it cannot be written, if a name is
// there twice or is no UTF-8, or if a tensor's bytes do not fit its dtype and shape. GGUF's blocks have
// no place in a safetensors file.
void write_safetensors(const std::filesystem::path& path, std::span<const tensor_view> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/safetensors_writer_implementation.hpp>  // what the file above declares
#endif
