// SPDX-License-Identifier: MIT
// The definitions of load_encoder_decoder.hpp. A program that links CMake's heed_models, which
// contains these compiled, does not include this file.
//
//   #include <heed/io/hugging_face/load_encoder_decoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/bart.hpp>                  // bart_families
#include <heed/io/hugging_face/load_encoder_decoder.hpp>  // what is defined here
#include <heed/io/hugging_face/t5.hpp>                    // t5_families

#include <span>  // span

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// All families. A new family is a file and an entry here.
inline constexpr std::span<const encoder_decoder_family> encoder_decoder_families[] = {
    bart_families, t5_families};

inline const encoder_decoder_family* find_encoder_decoder_family(const std::string& model_type) {
  for (const auto& some : encoder_decoder_families)
    for (const encoder_decoder_family& family : some)
      if (family.model_type == model_type) return &family;
  return nullptr;
}

}  // namespace detail

HEED_MODELS_INLINE encoder_decoder<float> load_encoder_decoder(const std::filesystem::path& folder,
                                                               const char* config_name) {
  const config c = detail::read_model_config(folder / config_name);
  const detail::encoder_decoder_family* family =
      detail::find_encoder_decoder_family(c.text("model_type"));
  if (family == nullptr) c.refuse("model_type", "a family of encoder-decoders that heed knows");
  return detail::load_wholly(c, folder, family->load);
}

}  // namespace HEED_ABI
}  // namespace heed
