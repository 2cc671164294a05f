// SPDX-License-Identifier: MIT
// Loads an encoder-decoder from a folder of Hugging Face: config.json and safetensors.
//
//   const heed::encoder_decoder<float> model = heed::load_encoder_decoder("opus-mt-en-de");
//   auto cache = model.cache(model.encoder.hidden(source), 128);
//   Eigen::MatrixXf next = model.next(std::vector{model.start_id}, cache);  // (1, vocabulary)
#pragma once

#include <heed/config.hpp>                 // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>          // file_error
#include <heed/model/encoder_decoder.hpp>  // encoder_decoder

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// `config_name`: the file's name in the folder. Throws file_error for a family that is not known, a tensor
// that is missing, has another shape or is unknown, and an option that is not supported or not known.
[[nodiscard]] encoder_decoder<float> load_encoder_decoder(const std::filesystem::path& folder,
                                                          const char* config_name = "config.json");

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/hugging_face/load_encoder_decoder_implementation.hpp>  // what the file above declares
#endif
