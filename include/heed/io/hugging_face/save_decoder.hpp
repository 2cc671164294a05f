// SPDX-License-Identifier: MIT
// Writes a decoder as a folder of Hugging Face: config.json and model.safetensors, as GPT-2 or as Llama.
//
//   heed::save_decoder("my-model", gpt, {.context = 256});
//   heed::language_model again = heed::load_language_model("my-model");  // or transformers' AutoModelForCausalLM
#pragma once

#include <heed/config.hpp>         // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>  // file_error
#include <heed/model/decoder.hpp>  // decoder
#include <heed/storage/dtype.hpp>  // dtype

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// Fields of config.json that do not follow from the decoder.
struct saved_model_facts {
  index context;                 // max_position_embeddings, in tokens; of Llama only
  double theta = 10000;          // rope_theta; of Llama only
  std::vector<index> ends = {};  // eos_token_id: tokens that end a text
  dtype weights = dtype::f32;    // f32, f16 or bf16, to which weights are rounded to nearest
};

// Writes only model.safetensors, for a folder that has a config.json already. The tensors have the names of the
// decoder's family and are rounded to `weights`, which is f32, f16 or bf16. Throws shape_error for another type and for
// a decoder that is neither of GPT-2's nor of Llama's kind, and file_error if the file cannot be written.
void save_decoder_weights(const std::filesystem::path& folder, const decoder<float>& d,
                          dtype weights = dtype::f32);

// Makes the folder where there is none, and writes config.json and model.safetensors, each of which appears when it
// is whole. Throws as save_decoder_weights.
void save_decoder(const std::filesystem::path& folder, const decoder<float>& d,
                  const saved_model_facts& facts);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/hugging_face/save_decoder_implementation.hpp>  // what the file above declares
#endif
