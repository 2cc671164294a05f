// SPDX-License-Identifier: MIT
// The definitions of load_language_model.hpp. A program that links CMake's heed_models, which
// contains these compiled, does not include this file.
//
//   #include <heed/io/load_language_model.hpp>  // includes it
#pragma once

#include <heed/io/gguf_decoder.hpp>               // load_gguf_decoder
#include <heed/io/hugging_face/load_decoder.hpp>  // load_decoder
#include <heed/io/json_config.hpp>                // read_json_config
#include <heed/io/llama2c_decoder.hpp>            // load_llama2c_decoder
#include <heed/io/read_tensor_file.hpp>           // read_tensor_file

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The ids of a field that is a number, a list of numbers or missing.
inline std::vector<index> read_ids(const config& c, const char* field) {
  const config_value* value = c.find(field);
  if (value == nullptr) return {};
  if (std::holds_alternative<config_value::list>(value->is)) {
    const std::vector<std::int64_t> ids = c.integers(field);
    return {ids.begin(), ids.end()};
  }
  const index one = c.integer(field);
  return {one};
}

// The tokens that end a text: those of generation_config.json where it says any, else the config's.
inline std::vector<index> read_ends(const std::filesystem::path& folder, const config& c) {
  std::error_code none;
  const auto generation = folder / "generation_config.json";
  if (std::filesystem::is_regular_file(generation, none))
    if (std::vector<index> ends = read_ids(read_json_config(generation), "eos_token_id");
        !ends.empty())
      return ends;
  return read_ids(c, "eos_token_id");
}

}  // namespace detail

HEED_MODELS_INLINE language_model load_language_model(const std::filesystem::path& path,
                                                      const load_options& options) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    const config c = read_json_config(path / "config.json");
    language_model loaded;
    loaded.decoder = load_decoder(path, "config.json", options);
    for (const char* const field : {"max_position_embeddings", "n_positions", "max_seq_len"})
      if (loaded.context == 0) loaded.context = c.integer(field, 0);
    loaded.ends = detail::read_ends(path, c);
    return loaded;
  }
  detail::model_weights weights(read_tensor_file(path), options);
  const config& c = weights.file().metadata();
  if (c.contains("general.architecture")) return detail::load_gguf_decoder(std::move(weights));
  if (c.contains("n_layers")) return detail::load_llama2c_decoder(std::move(weights));
  detail::refuse_file(path.string(),
                      ": this file has tensors, but does not say of which model; give "
                      "the folder with its config.json, a GGUF file or llama2.c's .bin");
}

}  // namespace HEED_ABI
}  // namespace heed
