// SPDX-License-Identifier: MIT
// The definitions of load_decoder.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/hugging_face/load_decoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/bloom.hpp>          // bloom_families
#include <heed/io/hugging_face/cohere.hpp>         // cohere_families
#include <heed/io/hugging_face/config_fields.hpp>  // refuse_unread
#include <heed/io/hugging_face/falcon.hpp>         // falcon_families
#include <heed/io/hugging_face/gemma.hpp>          // gemma_families
#include <heed/io/hugging_face/gpt2.hpp>           // gpt2_families
#include <heed/io/hugging_face/gpt_bigcode.hpp>    // gpt_bigcode_families
#include <heed/io/hugging_face/gpt_neo.hpp>        // gpt_neo_families
#include <heed/io/hugging_face/gpt_neox.hpp>       // gpt_neox_families
#include <heed/io/hugging_face/gpt_oss.hpp>        // gpt_oss_families
#include <heed/io/hugging_face/gptj.hpp>           // gptj_families
#include <heed/io/hugging_face/llama.hpp>          // llama_families
#include <heed/io/hugging_face/load_decoder.hpp>   // what is defined here
#include <heed/io/hugging_face/mixtral.hpp>        // mixtral_families
#include <heed/io/hugging_face/mpt.hpp>            // mpt_families
#include <heed/io/hugging_face/opt.hpp>            // opt_families
#include <heed/io/hugging_face/phi.hpp>            // phi_families
#include <heed/io/hugging_face/phi3.hpp>           // phi3_families
#include <heed/io/hugging_face/stablelm.hpp>       // stablelm_families
#include <heed/io/hugging_face/starcoder2.hpp>     // starcoder2_families
#include <heed/io/json_config.hpp>                 // read_json_config
#include <heed/io/read_tensor_file.hpp>            // read_tensor_file

#include <span>  // span

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// All families. A new family is a file and an entry here.
inline constexpr std::span<const decoder_family> decoder_families[] = {
    cohere_families,  stablelm_families, starcoder2_families, phi_families,         mpt_families,
    bloom_families,   falcon_families,   opt_families,        gpt_bigcode_families, gptj_families,
    gpt_neo_families, gpt_neox_families, gemma_families,      gpt_oss_families,     phi3_families,
    mixtral_families, llama_families,    gpt2_families};

inline const decoder_family* find_decoder_family(const std::string& model_type) {
  for (const auto& some : decoder_families)
    for (const decoder_family& family : some)
      if (family.model_type == model_type) return &family;
  return nullptr;
}

}  // namespace detail

HEED_MODELS_INLINE decoder<float> load_decoder(const std::filesystem::path& folder,
                                               const char* config_name,
                                               const load_options& options) {
  const config c = read_json_config(folder / config_name);
  const std::string kind = c.text("model_type");
  const detail::decoder_family* family = detail::find_decoder_family(kind);
  if (family == nullptr) c.refuse("model_type", "a family of decoders that heed knows");
  if (c.contains("quantization_config"))
    c.refuse("quantization_config", "none: weights that are quantised are read from GGUF files");
  detail::model_weights weights(read_tensor_file(folder), options);
  decoder<float> loaded = family->load(c, weights);
  weights.refuse_unknown();
  detail::refuse_unread(c);
  return loaded;
}

}  // namespace HEED_ABI
}  // namespace heed
