// SPDX-License-Identifier: MIT
// A family of encoder-decoders, as a loader uses it: a name in config.json, and a function that
// makes a model from the config and the weights.
#pragma once

#include <heed/io/hugging_face/encoder_family.hpp>  // load_encoder_attention, load_encoder_feed
#include <heed/model/encoder_decoder.hpp>           // encoder_decoder

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct encoder_decoder_family {
  const char* model_type;  // config.json's
  encoder_decoder<float> (*load)(const config&, model_weights&);
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
