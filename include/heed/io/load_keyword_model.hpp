// SPDX-License-Identifier: MIT
// Reads the Keyword Transformer as its authors published it: tensors have the names of its graph. Their file is
// for TensorFlow Lite; examples/kwt1_from_tflite.py makes safetensors of it.
//
//   heed::keyword_model model = heed::load_keyword_model("models/kwt1.safetensors");
//   model.labels();  // 12
#pragma once

#include <heed/audio/keyword_model.hpp>  // keyword_model
#include <heed/config.hpp>               // HEED_MODELS_INLINE

#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

// Throws file_error if the file cannot be read, or a tensor is missing or has another shape.
[[nodiscard]] keyword_model load_keyword_model(const std::filesystem::path& path);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/io/file_error.hpp>                         // file_error
#include <heed/io/load_keyword_model_implementation.hpp>  // what the file above declares
#endif
