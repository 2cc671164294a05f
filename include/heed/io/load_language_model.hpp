// SPDX-License-Identifier: MIT
// Loads a published language model, whatever its format.
//
//   const heed::language_model model = heed::load_language_model("SmolLM2-135M-Instruct");
//   Eigen::MatrixXf logits = model.logits(ids);  // (tokens, vocabulary)
#pragma once

#include <heed/config.hpp>                // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>         // file_error
#include <heed/io/load_options.hpp>       // load_options
#include <heed/model/language_model.hpp>  // language_model

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// A folder of Hugging Face (config.json and safetensors), a GGUF file or llama2.c's .bin. Weights stay as
// small as the file has them; with .weights they are rounded to another type. Throws file_error for a model
// that is not known, and for a tensor that is missing, unknown or has another shape.
[[nodiscard]] language_model load_language_model(const std::filesystem::path& path,
                                                 const load_options& options = {});

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/load_language_model_implementation.hpp>  // what the file above declares
#endif
