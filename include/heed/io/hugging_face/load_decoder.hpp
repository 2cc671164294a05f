// SPDX-License-Identifier: MIT
// Loads a decoder from a folder of Hugging Face: config.json and safetensors.
//
//   const heed::decoder<float> model = heed::load_decoder("SmolLM2-135M-Instruct");
//   Eigen::MatrixXf logits = model(ids);
#pragma once

#include <heed/config.hpp>           // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>    // file_error
#include <heed/io/load_options.hpp>  // load_options
#include <heed/model/decoder.hpp>    // decoder

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// `config_name`: the file's name in the folder; `options`: the type and packing of weights. Throws file_error
// for a family that is not known, a tensor that is missing, has another shape or is unknown, and an option
// that is not supported or not known.
[[nodiscard]] decoder<float> load_decoder(const std::filesystem::path& folder,
                                          const char* config_name = "config.json",
                                          const load_options& options = {});

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/hugging_face/load_decoder_implementation.hpp>  // what the file above declares
#endif
