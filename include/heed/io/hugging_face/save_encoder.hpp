// SPDX-License-Identifier: MIT
// Writes an encoder of tokens as a folder of Hugging Face: config.json and model.safetensors, as BERT.
//
//   heed::save_encoder("my-encoder", bert);
//   heed::encoder<float> again = heed::load_encoder("my-encoder");  // or transformers' AutoModel
#pragma once

#include <heed/config.hpp>         // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>  // file_error
#include <heed/model/encoder.hpp>  // encoder

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// Makes the folder where there is none, and writes config.json and model.safetensors, each of which appears when it is
// whole; a pooler is written, a head is not. Throws shape_error, before anything is written, for an encoder that is
// not of BERT's kind or whose weights are stored in a mapped file; and file_error if a file cannot be written.
void save_encoder(const std::filesystem::path& folder, const encoder<float>& e);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/hugging_face/save_encoder_implementation.hpp>  // what the file above declares
#endif
