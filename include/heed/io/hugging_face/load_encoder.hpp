// SPDX-License-Identifier: MIT
// Loads an encoder from a folder of Hugging Face: config.json and safetensors.
//
//   const heed::encoder<float> model = heed::load_encoder("all-MiniLM-L6-v2");
//   Eigen::MatrixXf hidden = model.hidden(ids);  // (tokens, 384)
#pragma once

#include <heed/config.hpp>              // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>       // file_error
#include <heed/model/dual_encoder.hpp>  // dual_encoder, encoder

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// `config_name`: the file's name in the folder. Throws file_error for a family that is not known, a tensor
// that is missing, has another shape or is unknown, and an option that is not supported or not known.
[[nodiscard]] encoder<float> load_encoder(const std::filesystem::path& folder,
                                          const char* config_name = "config.json");

// Loads CLIP: an encoder of texts and one of images, whose vectors are in one space. Throws as load_encoder.
[[nodiscard]] dual_encoder<float> load_dual_encoder(const std::filesystem::path& folder,
                                                    const char* config_name = "config.json");

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/hugging_face/load_encoder_implementation.hpp>  // what the file above declares
#endif
