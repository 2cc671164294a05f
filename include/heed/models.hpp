// SPDX-License-Identifier: MIT
// Published models and their text: heed/heed.hpp, files of weights and tokenizers. Needs what CMake's
// heed::models brings: nlohmann_json, Oniguruma, utf8proc.
//
//   heed::language_model model = heed::load_language_model("SmolLM2-135M-Instruct");
//   heed::tokenizer text = heed::load_tokenizer("SmolLM2-135M-Instruct");
//   for (heed::index id : model.generate(text.encode("Once upon a time"), {.tokens = 64}))
//     std::cout << text.decode({id});
#pragma once

#include <heed/audio/keyword_listener.hpp>                // keyword_listener, keyword_model
#include <heed/heed.hpp>                                  // attention, layers, caches
#include <heed/io/hugging_face/load_encoder.hpp>          // load_encoder, load_dual_encoder
#include <heed/io/hugging_face/load_encoder_decoder.hpp>  // load_encoder_decoder
#include <heed/io/hugging_face/save_decoder.hpp>          // save_decoder
#include <heed/io/hugging_face/save_encoder.hpp>          // save_encoder
#include <heed/io/load_keyword_model.hpp>                 // load_keyword_model
#include <heed/io/load_language_model.hpp>                // load_language_model
#include <heed/io/safetensors_writer.hpp>                 // write_safetensors
#include <heed/model/nearest.hpp>                         // nearest
#include <heed/text/attention_page.hpp>                   // attention_page
#include <heed/text/learn_merges.hpp>                     // learn_merges
#include <heed/text/passages.hpp>                         // passages
#include <heed/text/save_byte_tokenizer.hpp>              // save_byte_tokenizer
#include <heed/text/save_text_encoder.hpp>                // save_text_encoder
#include <heed/text/stop_strings.hpp>                     // stop_strings
#include <heed/text/text_encoder.hpp>                     // text_encoder, load_text_encoder
#include <heed/text/tokenizer.hpp>                        // tokenizer, load_tokenizer
#include <heed/train/checkpoint.hpp>                      // save_checkpoint, load_checkpoint
