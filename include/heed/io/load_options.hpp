// SPDX-License-Identifier: MIT
// How a published model is loaded.
//
//   heed::load_language_model("SmolLM2-135M-Instruct", {.weights = heed::dtype::q8_0});
#pragma once

#include <heed/core/types.hpp>     // index
#include <heed/storage/dtype.hpp>  // dtype

#include <functional>  // function
#include <optional>    // optional

namespace heed {
inline namespace HEED_ABI {

struct load_options {
  // The type that matrices of weights are rounded to as they are read, a row at a time; the file's own where
  // none is given. f32, f16, bf16, q8_0, q5_1, q5_0, q4_1 or q4_0; i8 is q8_0, 8 bits with a scale for each
  // 32. Vectors, such as biases and the weights of norms, stay floats.
  std::optional<dtype> weights = {};
  // Whether matrices are packed for the processor as they are read, which takes as much memory as the file has
  // and makes a token up to 1.7 times as quick. Where false, products read the mapped file, with the same
  // bits. Floats of GPT-2's files, in which an output is a column, are copied in either case.
  bool packed = true;
  // Called with each tensor that is read: how many bytes of tensors have been read, and how many there are.
  std::function<void(index done, index all)> progress = {};
};

}  // namespace HEED_ABI
}  // namespace heed
