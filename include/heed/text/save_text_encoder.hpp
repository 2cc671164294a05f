// SPDX-License-Identifier: MIT
// Writes a text encoder as a folder of sentence-transformers: the encoder, modules.json and the
// modules that it names.
//
//   heed::save_text_encoder("my-encoder", encode);  // a tokenizer's files in the folder are not changed
//   heed::text_encoder again = heed::load_text_encoder("my-encoder");
#pragma once

#include <heed/config.hpp>             // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>      // file_error
#include <heed/text/text_encoder.hpp>  // text_encoder

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// Creates the folder if there is none; modules.json, by which sentence-transformers recognise a
// folder, is written last. The program must provide the files of a tokenizer. Throws shape_error
// for an encoder that is not of BERT's kind, for several poolings, and for weights that are stored in
// a mapped file; and file_error if a file cannot be written.
void save_text_encoder(const std::filesystem::path& folder, const text_encoder& e);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/text/save_text_encoder_implementation.hpp>  // what the file above declares
#endif
