// SPDX-License-Identifier: MIT
// The definitions of save_text_encoder.hpp. A program that links CMake's heed_models, which
// contains these compiled, does not include this file.
//
//   #include <heed/text/save_text_encoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/save_encoder.hpp>  // save_encoder
#include <heed/text/save_text_encoder.hpp>        // what is defined here
#include <heed/text/text_encoder.hpp>             // text_encoder

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline const char* name_of(pooling kind) {
  switch (kind) {
    case pooling::first:
      return "cls_token";
    case pooling::last:
      return "lasttoken";
    case pooling::mean:
      return "mean_tokens";
    case pooling::largest:
      return "max_tokens";
    case pooling::mean_sqrt:
      return "mean_sqrt_len_tokens";
    case pooling::weighted_mean:
      return "weightedmean_tokens";
  }
  return "";
}

// The class of torch.nn.modules for an activation; null if there is none that sentence-transformers reads.
inline const char* name_of_torch_activation(activation a) {
  switch (a) {
    case activation::identity:
      return "torch.nn.modules.linear.Identity";
    case activation::tanh:
      return "torch.nn.modules.activation.Tanh";
    case activation::gelu:
      return "torch.nn.modules.activation.GELU";
    case activation::relu:
      return "torch.nn.modules.activation.ReLU";
    case activation::silu:
      return "torch.nn.modules.activation.SiLU";
    default:
      return nullptr;
  }
}

inline void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& value) {
  std::filesystem::create_directories(path.parent_path());
  write_text(path, value.dump(2) + '\n');
}

inline void save_pooling(const std::filesystem::path& folder, const text_encoder& e) {
  nlohmann::ordered_json c;
  c["word_embedding_dimension"] = e.encoder.words.model();
  for (const pooling kind : {pooling::first, pooling::mean, pooling::largest, pooling::mean_sqrt,
                             pooling::weighted_mean, pooling::last}) {
    const auto& all = e.head.poolings;
    c[std::string("pooling_mode_") + name_of(kind)] =
        std::find(all.begin(), all.end(), kind) != all.end();
  }
  write_json(folder / "config.json", c);
}

inline void save_dense(const std::filesystem::path& folder, const dense_step<float>& step) {
  nlohmann::ordered_json c;
  c["in_features"] = step.layer.inputs();
  c["out_features"] = step.layer.outputs();
  c["bias"] = step.layer.bias.size() > 0;
  c["activation_function"] = name_of_torch_activation(step.activation);
  write_json(folder / "config.json", c);
  written_tensors tensors("heed::save_text_encoder");
  tensors.linear("linear", step.layer);
  write_safetensors(folder / "model.safetensors", tensors.views(), {{"format", "pt"}});
}

inline void check_can_be_saved(const sentence_head<float>& head) {
  constexpr const char* name = "heed::save_text_encoder";
  require(head.poolings.size() == 1, name, ": there are ", head.poolings.size(),
          " poolings side by side, but one is written");
  for (const auto& step : head.steps)
    if (const auto* const dense = std::get_if<dense_step<float>>(&step))
      require(name_of_torch_activation(dense->activation) != nullptr, name,
              ": the activation of a linear step is none of torch's that sentence-transformers "
              "names");
}

}  // namespace detail

HEED_MODELS_INLINE void save_text_encoder(const std::filesystem::path& folder,
                                          const text_encoder& e) {
  detail::check_can_be_saved(e.head);
  save_encoder(folder, e.encoder);
  nlohmann::ordered_json modules = nlohmann::ordered_json::array();
  const auto add = [&](const std::string& path, const char* type) {
    const auto i = modules.size();
    modules.push_back({{"idx", i},
                       {"name", std::to_string(i)},
                       {"path", path},
                       {"type", std::string("sentence_transformers.models.") + type}});
  };
  add("", "Transformer");
  add("1_Pooling", "Pooling");
  detail::save_pooling(folder / "1_Pooling", e);
  for (const auto& step : e.head.steps) {
    const std::string number = std::to_string(modules.size()) + '_';
    if (const auto* const dense = std::get_if<dense_step<float>>(&step)) {
      detail::save_dense(folder / (number + "Dense"), *dense);
      add(number + "Dense", "Dense");
    } else {
      add(number + "Normalize", "Normalize");
      std::filesystem::create_directories(folder / (number + "Normalize"));
    }
  }
  nlohmann::ordered_json longest;
  if (e.longest > 0) longest["max_seq_length"] = e.longest;
  longest["do_lower_case"] = false;
  detail::write_json(folder / "sentence_bert_config.json", longest);
  nlohmann::ordered_json prompts = {{"prompts", nlohmann::ordered_json::object()}};
  if (!e.prompt.empty()) {
    prompts["prompts"]["default"] = e.prompt;
    prompts["default_prompt_name"] = "default";
  }
  detail::write_json(folder / "config_sentence_transformers.json", prompts);
  detail::write_json(folder / "modules.json", modules);
}

}  // namespace HEED_ABI
}  // namespace heed
