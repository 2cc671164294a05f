// SPDX-License-Identifier: MIT
// Tokenizer: text to tokens and back, exactly as the libraries that models are published with. The
// header to include.
//
//   heed::tokenizer text = heed::load_tokenizer("SmolLM2-135M-Instruct");
//   text.decode(text.encode("Once upon a time"));  // "Once upon a time"
#pragma once

#include <heed/text/tokenizer_class.hpp>  // tokenizer, load_tokenizer

#ifndef HEED_MODELS_COMPILED
#include <heed/text/tokenizer_implementation.hpp>  // what the other declares
#endif
