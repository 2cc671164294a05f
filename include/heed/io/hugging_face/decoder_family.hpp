// SPDX-License-Identifier: MIT
// A family of decoders, as a loader uses it: a name in config.json, and a function that makes a
// decoder from the config and the weights.
#pragma once

#include <heed/io/config.hpp>                      // config
#include <heed/io/hugging_face/model_weights.hpp>  // model_weights
#include <heed/io/hugging_face/rope.hpp>           // read_rope
#include <heed/model/decoder.hpp>                  // decoder

#include <string>  // string

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct decoder_family {
  const char* model_type;  // config.json's
  decoder<float> (*load)(const config&, model_weights&);
};

// The activation that a field of a config names; `otherwise` is the name where the field is absent.
inline activation read_activation(const config& c, const char* field,
                                  const std::string& otherwise) {
  const std::string name = c.text(field, otherwise);
  if (name == "relu") return activation::relu;
  if (name == "relu2") return activation::relu_squared;
  if (name == "gelu" || name == "gelu_python") return activation::gelu;
  if (name == "gelu_new" || name == "gelu_fast" || name == "gelu_pytorch_tanh" ||
      name == "gelu_accurate")
    return activation::gelu_tanh;
  if (name == "quick_gelu") return activation::quick_gelu;
  if (name == "silu" || name == "swish") return activation::silu;
  if (name == "tanh") return activation::tanh;
  if (name == "linear") return activation::identity;
  c.refuse(field,
           "relu, relu2, gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, silu, tanh or linear");
}

// "prefix.3."
inline std::string numbered(const std::string& prefix, index i) {
  return prefix + std::to_string(i) + ".";
}

// The token embedding, and the head: a layer of its own or, where `tied`, the embedding again.
inline void load_words(decoder<float>& model, model_weights& weights, const std::string& words,
                       const std::string& head, index vocabulary, index width, bool tied) {
  model.words.weight = weights.table(words, vocabulary, width);
  if (tied && weights.contains(head)) weights.leave_out(head);
  model.head.weight = weights.weight(tied ? words : head, width, vocabulary);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
