// SPDX-License-Identifier: MIT
// Reads the tensors of a published model, whichever format its file has.
//
//   const heed::tensor_file a = heed::read_tensor_file("gpt2");              // a folder of Hugging Face
//   const heed::tensor_file b = heed::read_tensor_file("model-Q4_K_M.gguf");
//   const heed::tensor_file c = heed::read_tensor_file("stories260K.bin");
#pragma once

#include <heed/config.hpp>          // HEED_MODELS_INLINE
#include <heed/io/tensor_file.hpp>  // tensor_file

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// A folder or an index as read_safetensors takes it, or a file of any format. Throws file_error as
// read_safetensors, read_gguf and read_llama2c do.
tensor_file read_tensor_file(const std::filesystem::path& path);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/read_tensor_file_implementation.hpp>  // what the file above declares
#endif
