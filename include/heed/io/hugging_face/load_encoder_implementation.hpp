// SPDX-License-Identifier: MIT
// The definitions of load_encoder.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/hugging_face/load_encoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/bert.hpp>          // bert_families
#include <heed/io/hugging_face/clip.hpp>          // load_clip
#include <heed/io/hugging_face/distilbert.hpp>    // distilbert_families
#include <heed/io/hugging_face/load_encoder.hpp>  // what is defined here
#include <heed/io/hugging_face/modernbert.hpp>    // modernbert_families
#include <heed/io/hugging_face/mpnet.hpp>         // mpnet_families
#include <heed/io/hugging_face/nomic_bert.hpp>    // nomic_bert_families
#include <heed/io/hugging_face/vit.hpp>           // vit_families

#include <span>  // span

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// All families. A new family is a file and an entry here.
inline constexpr std::span<const encoder_family> encoder_families[] = {
    bert_families,  distilbert_families, modernbert_families,
    mpnet_families, nomic_bert_families, vit_families};

inline const encoder_family* find_encoder_family(const std::string& model_type) {
  for (const auto& some : encoder_families)
    for (const encoder_family& family : some)
      if (family.model_type == model_type) return &family;
  return nullptr;
}

}  // namespace detail

HEED_MODELS_INLINE encoder<float> load_encoder(const std::filesystem::path& folder,
                                               const char* config_name) {
  const config c = detail::read_model_config(folder / config_name);
  const detail::encoder_family* family = detail::find_encoder_family(c.text("model_type"));
  if (family == nullptr) c.refuse("model_type", "a family of encoders that heed knows");
  return detail::load_wholly(c, folder, family->load);
}

HEED_MODELS_INLINE dual_encoder<float> load_dual_encoder(const std::filesystem::path& folder,
                                                         const char* config_name) {
  const config c = detail::read_model_config(folder / config_name);
  if (c.text("model_type") != "clip") c.refuse("model_type", "\"clip\"");
  return detail::load_wholly(c, folder, detail::load_clip);
}

}  // namespace HEED_ABI
}  // namespace heed
