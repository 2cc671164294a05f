// SPDX-License-Identifier: MIT
// The definitions of text_encoder.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/text/text_encoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/load_encoder.hpp>      // load_encoder
#include <heed/io/hugging_face/sentence_modules.hpp>  // read_sentence_modules
#include <heed/text/text_encoder.hpp>                 // what is defined here
#include <heed/text/tokenizer.hpp>                    // tokenizer, load_tokenizer

namespace heed {
inline namespace HEED_ABI {

HEED_MODELS_INLINE text_encoder load_text_encoder(const std::filesystem::path& folder) {
  detail::sentence_modules modules = detail::read_sentence_modules(folder);
  text_encoder loaded{load_encoder(modules.model), std::move(modules.head)};
  loaded.prompt = std::move(modules.prompt);
  if (detail::text::holds_tokenizer(modules.model.string()))
    loaded.tokens = load_tokenizer(modules.model.string());
  const auto shorten = [&](index most) {
    if (most > 0 && (loaded.longest == 0 || most < loaded.longest)) loaded.longest = most;
  };
  shorten(modules.longest);
  if (const auto& places = loaded.encoder.places)
    shorten(places->weight.rows() - loaded.encoder.first_place);
  return loaded;
}

}  // namespace HEED_ABI
}  // namespace heed
