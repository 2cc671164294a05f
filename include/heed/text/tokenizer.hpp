// SPDX-License-Identifier: MIT
// Tokenizer: encodes text to tokens and decodes tokens to text, with the same results as the libraries
// that models are published with. This is the header to include.
//
//   heed::tokenizer text = heed::load_tokenizer("SmolLM2-135M-Instruct");
//   text.decode(text.encode("Once upon a time"));  // "Once upon a time"
#pragma once

#include <heed/text/tokenizer_class.hpp>  // tokenizer, load_tokenizer

#ifndef HEED_MODELS_COMPILED
#include <heed/text/tokenizer_implementation.hpp>  // what the other declares
#endif
