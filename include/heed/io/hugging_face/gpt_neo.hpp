// SPDX-License-Identifier: MIT
// GPT-Neo: GPT-2 with scores that are not scaled, and some layers with a window.
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // read_shape, load_feed

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// For each layer, whether it has a window ("local"). attention_types is [[["global", "local"], 12]]: a list
// of patterns, each with its number of repetitions; attention_layers is a list with a kind for each layer.
inline std::vector<bool> read_local_layers(const config& c, index layers) {
  const auto misfit = [&](const char* field) {
    c.refuse(field,
             "\"global\" or \"local\" for each of the " + std::to_string(layers) + " layers");
  };
  std::vector<bool> local;
  const auto add = [&](const std::string& kind, const char* field) {
    if (static_cast<index>(local.size()) == layers || (kind != "global" && kind != "local"))
      misfit(field);
    local.push_back(kind == "local");
  };
  const std::vector<std::string> given = c.texts("attention_layers");
  for (const std::string& kind : given) add(kind, "attention_layers");
  if (!given.empty() && static_cast<index>(given.size()) != layers) misfit("attention_layers");
  const config_value* const types = c.find("attention_types");
  if (!given.empty()) return local;

  const char* const field = "attention_types";
  const auto list_of = [&](const config_value* value) -> const config_value::list& {
    const auto* list = value == nullptr ? nullptr : std::get_if<config_value::list>(&value->is);
    if (list == nullptr) misfit(field);
    return *list;
  };
  for (const config_value& item : list_of(types)) {
    const config_value::list& pair = list_of(&item);
    const auto times = pair.size() == 2 ? value_as<std::int64_t>(pair[1]) : std::nullopt;
    if (!times) misfit(field);
    const config_value::list& pattern = list_of(pair.data());
    for (std::int64_t t = 0; t < *times && !pattern.empty(); ++t)
      for (const config_value& kind : pattern)
        add(value_as<std::string>(kind).value_or(std::string()), field);
  }
  if (static_cast<index>(local.size()) != layers) misfit(field);
  return local;
}

inline decoder<float> load_gpt_neo(const config& c, model_weights& weights) {
  const decoder_shape s = read_shape(c);
  const index positions = c.count("max_position_embeddings"), window = c.count("window_size", 256);
  const double epsilon = c.number("layer_norm_epsilon", 1e-5);
  const activation function = read_activation(c, "activation_function", "gelu_new");
  const std::vector<bool> local = read_local_layers(c, s.layers);

  decoder<float> decoder;
  load_words(decoder, weights, "transformer.wte.weight", "lm_head.weight", s.vocabulary, s.model,
             c.flag("tie_word_embeddings", true));
  load_places(decoder, weights, "transformer.wpe.weight", positions, s.model);
  for (index i = 0; i < s.layers; ++i) {
    const std::string name = numbered("transformer.h.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "ln_1", s.model, epsilon);
    block.attention = load_attention(weights, name + "attn.attention.", s,
                                     {.output = "out_proj", .output_bias = true});
    block.attention.rules.scale = 1;
    if (local[static_cast<std::size_t>(i)])
      block.attention.rules.window = window - 1;  // window_size also counts the token itself
    block.feed_norm = weights.layer_norm(name + "ln_2", s.model, epsilon);
    block.feed = load_feed(weights, name + "mlp.c_fc", name + "mlp.c_proj", s, function, true);
    for (const char* const mask : {"attn.attention.bias", "attn.attention.masked_bias"})
      weights.leave_out(name + mask);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.layer_norm("transformer.ln_f", s.model, epsilon);
  return decoder;
}

inline constexpr decoder_family gpt_neo_families[] = {{"gpt_neo", load_gpt_neo}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
