// SPDX-License-Identifier: MIT
// Reads the files that sentence-transformers adds to a model: modules.json lists the steps from tokens to the
// embedding of a text, each with a folder.
//
//   const auto modules = heed::detail::read_sentence_modules("all-MiniLM-L6-v2");
//   modules.head.poolings;  // {pooling::mean}
//   modules.longest;        // 256
#pragma once

#include <heed/io/byte_reader.hpp>                  // text_of
#include <heed/io/hugging_face/encoder_family.hpp>  // model_weights
#include <heed/io/json.hpp>                         // parse_json
#include <heed/io/json_config.hpp>                  // read_json_config, largest_config
#include <heed/io/read_tensor_file.hpp>             // read_tensor_file
#include <heed/model/sentence_head.hpp>             // sentence_head

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct sentence_modules {
  std::filesystem::path model;  // the folder of the encoder
  sentence_head<float> head;    // the mean, where there is no modules.json
  index longest = 0;            // the most tokens of a text; 0: no limit is given
  std::string prompt = {};      // what is put before each text
};

inline bool is_file(const std::filesystem::path& path) {
  std::error_code none;
  return std::filesystem::is_regular_file(path, none);
}

// The pooling of a name in the field pooling_mode or, in older configs, of a field pooling_mode_NAME.
inline std::optional<pooling> pooling_of(std::string_view name) {
  struct named {
    std::string_view name, older;
    pooling kind;
  };
  static constexpr named all[] = {
      {"cls", "cls_token", pooling::first},
      {"max", "max_tokens", pooling::largest},
      {"mean", "mean_tokens", pooling::mean},
      {"mean_sqrt_len_tokens", "mean_sqrt_len_tokens", pooling::mean_sqrt},
      {"weightedmean", "weightedmean_tokens", pooling::weighted_mean},
      {"lasttoken", "lasttoken", pooling::last},
  };
  for (const named& one : all)
    if (name == one.name || name == one.older) return one.kind;
  return std::nullopt;
}

inline std::vector<pooling> read_poolings(const config& c) {
  constexpr const char* expected =
      "cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken";
  std::vector<std::string> names;
  if (const config_value* mode = c.find("pooling_mode")) {
    names = std::holds_alternative<config_value::list>(mode->is)
                ? c.texts("pooling_mode")
                : std::vector<std::string>{c.text("pooling_mode")};
  } else {
    const std::string prefix = "pooling_mode_";
    for (const char* const known : {"cls_token", "max_tokens", "mean_tokens",
                                    "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"})
      if (c.flag(prefix + known, false)) names.emplace_back(known);
    for (const std::string& field : c.names())
      if (field.starts_with(prefix) && !pooling_of(field.substr(prefix.size())) && c.flag(field))
        c.refuse(field, "false: this pooling is not served");
  }
  std::vector<pooling> kinds;
  for (const std::string& name : names) {
    const std::optional<pooling> kind = pooling_of(name);
    if (!kind) c.refuse("pooling_mode", expected);
    kinds.push_back(*kind);
  }
  if (kinds.empty()) c.refuse("pooling_mode", expected);
  return kinds;
}

inline dense_step<float> read_dense_step(const std::filesystem::path& folder) {
  const config c = read_json_config(folder / "config.json");
  serve_only(c, "use_residual", false);
  serve_only(c, "module_input_name", "sentence_embedding");
  serve_only(c, "module_output_name", "sentence_embedding");
  dense_step<float> step;
  const std::string function = c.text("activation_function", "torch.nn.modules.activation.Tanh");
  if (function.ends_with(".Tanh"))
    step.activation = activation::tanh;
  else if (function.ends_with(".GELU"))
    step.activation = activation::gelu;
  else if (function.ends_with(".ReLU"))
    step.activation = activation::relu;
  else if (function.ends_with(".SiLU"))
    step.activation = activation::silu;
  else if (!function.ends_with(".Identity"))
    c.refuse("activation_function", "torch's Tanh, GELU, ReLU, SiLU or Identity");
  model_weights weights(read_tensor_file(folder));
  step.layer = weights.linear("linear", c.count("in_features"), c.count("out_features"),
                              c.flag("bias", true));
  weights.refuse_unknown();
  return step;
}

// A step of modules.json; `type` is the name of a Python class.
inline void read_sentence_module(const config& c, const std::filesystem::path& folder,
                                 sentence_modules& read) {
  const std::string type = c.text("type");
  const auto part = folder / c.text("path", "");
  const bool pooled = !read.head.poolings.empty();
  if (type.ends_with(".Transformer") && read.model.empty()) {
    read.model = part;
  } else if (type.ends_with(".Pooling") && !pooled) {
    const config pooling = read_json_config(part / "config.json");
    read.head.poolings = read_poolings(pooling);
    if (!read.prompt.empty()) serve_only(pooling, "include_prompt", true);
  } else if (type.ends_with(".Dense") && pooled) {
    read.head.steps.emplace_back(read_dense_step(part));
  } else if (type.ends_with(".Normalize") && pooled) {
    read.head.steps.emplace_back(unit_length{});
  } else {
    c.refuse("type", "a Transformer, then Pooling, then Dense and Normalize");
  }
}

// The prompt of config_sentence_transformers.json, which is put before each text; empty: none.
inline std::string read_default_prompt(const std::filesystem::path& folder) {
  const auto path = folder / "config_sentence_transformers.json";
  if (!is_file(path)) return {};
  const config c = read_json_config(path);
  const std::string name = c.text("default_prompt_name", "");
  return name.empty() ? std::string() : c.object("prompts").text(name);
}

// The most tokens of a text: max_seq_length of sentence_bert_config.json, whose name has another family in
// older folders; otherwise the tokenizer's limit or, if smaller, the number of positions. 0: no limit.
inline index read_longest_text(const std::filesystem::path& model) {
  for (const char* const family :
       {"bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"}) {
    const auto path = model / (std::string("sentence_") + family + "_config.json");
    if (!is_file(path)) continue;
    const config c = read_json_config(path);
    serve_only(c, "do_lower_case", false);
    if (c.contains("max_seq_length")) return c.count("max_seq_length");
  }
  const auto tokenizer = model / "tokenizer_config.json";
  const double positions =
      read_json_config(model / "config.json").number("max_position_embeddings", 0);
  double longest =
      is_file(tokenizer) ? read_json_config(tokenizer).number("model_max_length", 0) : 0;
  if (positions > 0 && (longest <= 0 || positions < longest)) longest = positions;
  return longest > 0 && longest < 0x7FFFFFFF ? static_cast<index>(longest) : 0;
}

inline sentence_modules read_sentence_modules(const std::filesystem::path& folder) {
  sentence_modules read;
  read.prompt = read_default_prompt(folder);
  const auto path = folder / "modules.json";
  if (is_file(path)) {
    const mapped_file file(path);
    const std::string name = path.string();
    require_file(file.bytes().size() <= largest_config, name, ": a list of modules has at most ",
                 largest_config, " bytes, this has ", file.bytes().size());
    const config_value all = parse_json(text_of(file.bytes()), name);
    const auto* list = std::get_if<config_value::list>(&all.is);
    require_file(list != nullptr, name, ": expected a list of modules, found ", described(all));
    read.head.poolings.clear();
    for (const config_value& one : *list) {
      const auto* fields = std::get_if<config_value::object>(&one.is);
      require_file(fields != nullptr, name, ": expected a module, which is an object, found ",
                   described(one));
      read_sentence_module(config(name, *fields), folder, read);
    }
    require_file(!read.head.poolings.empty(), name, ": none of the modules is a Pooling");
  }
  if (read.model.empty()) read.model = folder;
  read.longest = read_longest_text(read.model);
  return read;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
