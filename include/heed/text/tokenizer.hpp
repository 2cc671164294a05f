// SPDX-License-Identifier: MIT
// Text to tokens and back, exactly as the model's makers do it: what to include.
//
//   heed::tokenizer text = heed::load_tokenizer("SmolLM2-135M-Instruct");
//   text.decode(text.encode("Once upon a time"));  // "Once upon a time"
#pragma once

#include <heed/text/tokenizer_class.hpp>  // tokenizer, load_tokenizer

#ifndef HEED_MODELS_COMPILED
#include <heed/text/tokenizer_implementation.hpp>  // what the other declares
#endif
