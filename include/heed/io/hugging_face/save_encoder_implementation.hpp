// SPDX-License-Identifier: MIT
// The definitions of save_encoder.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/hugging_face/save_encoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/save_encoder.hpp>     // what is defined here
#include <heed/io/hugging_face/written_tensors.hpp>  // written_tensors
#include <heed/io/json.hpp>                          // nlohmann::ordered_json
#include <heed/io/new_file.hpp>                      // write_text
#include <heed/io/safetensors_writer.hpp>            // write_safetensors
#include <heed/model/encoder.hpp>                    // encoder

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline const char* name_of_bert_activation(activation a) {
  switch (a) {
    case activation::gelu:
      return "gelu";
    case activation::gelu_tanh:
      return "gelu_new";
    case activation::relu:
      return "relu";
    case activation::silu:
      return "silu";
    default:
      return nullptr;
  }
}

// Throws shape_error for an encoder that is not of BERT's kind.
inline void check_is_bert(const encoder<float>& e) {
  const auto refuse_unless = [](bool holds, const char* what) {
    require(holds, "heed::save_encoder: ", what, "; only encoders as BERT's are written");
  };
  const auto is_layer_norm = [](const normalisation<float>& n) {
    return std::holds_alternative<layer_norm<float>>(n);
  };
  refuse_unless(!e.blocks.empty(), "the encoder has no blocks");
  refuse_unless(e.places && e.first_place == 0 && !e.uncounted_id && e.types.vocabulary() > 0 &&
                    exactly_equal(e.embedding_scale, 1.0) && is_layer_norm(e.embedding_norm) &&
                    !has_norm(e.final_norm) && !e.patches.given() && e.convolutions.empty(),
                "its positions, types or norms are of another kind");
  const transformer_block<float>& first = e.blocks.front();
  for (const transformer_block<float>& b : e.blocks) {
    const auto* const feed = std::get_if<feed_forward<float>>(&b.feed);
    const attention_layer<float>& a = b.attention;
    refuse_unless(feed != nullptr && !feed->gated() &&
                      name_of_bert_activation(feed->activation) != nullptr &&
                      b.order == transformer_block<float>::residual::sequential &&
                      exactly_equal(b.residual_scale, 1.0) &&
                      is_layer_norm(b.attention_norm_of_sum) && is_layer_norm(b.feed_norm_of_sum) &&
                      !has_norm(b.attention_norm) && !has_norm(b.feed_norm) &&
                      !has_norm(b.attention_post_norm) && !has_norm(b.feed_post_norm),
                  "a block has other layers, norms elsewhere or both layers at once");
    refuse_unless(!a.rules.causal && !a.rules.window && !a.rules.scale && a.rules.alibi.empty() &&
                      a.rules.sinks.empty() && a.rules.distance_bias.size() == 0 &&
                      exactly_equal(a.rules.soft_cap, 0.0) && exactly_equal(a.clip, 0.0) &&
                      !has_norm(a.query_norm) && !has_norm(a.key_norm) && !a.rotary &&
                      a.query.bias.size() > 0 && a.kv_heads() == a.heads.query,
                  "attention has rules, rotary positions, norms or no biases");
    refuse_unless(
        a.heads.query == first.attention.heads.query &&
            feed->up.outputs() == std::get<feed_forward<float>>(first.feed).up.outputs() &&
            feed->activation == std::get<feed_forward<float>>(first.feed).activation,
        "its blocks differ");
  }
}

inline void add_bert(const encoder<float>& e, written_tensors& to) {
  const std::string in = "embeddings.";
  to.add(in + "word_embeddings.weight", e.words.weight);
  to.add(in + "token_type_embeddings.weight", e.types.weight);
  to.add(in + "position_embeddings.weight", e.places->weight);
  to.norm(in + "LayerNorm", e.embedding_norm);
  for (std::size_t i = 0; i < e.blocks.size(); ++i) {
    const transformer_block<float>& b = e.blocks[i];
    const auto& feed = std::get<feed_forward<float>>(b.feed);
    const std::string name = "encoder.layer." + std::to_string(i) + ".";
    to.linear(name + "attention.self.query", b.attention.query);
    to.linear(name + "attention.self.key", b.attention.key);
    to.linear(name + "attention.self.value", b.attention.value);
    to.linear(name + "attention.output.dense", b.attention.output);
    to.norm(name + "attention.output.LayerNorm", b.attention_norm_of_sum);
    to.linear(name + "intermediate.dense", feed.up);
    to.linear(name + "output.dense", feed.down);
    to.norm(name + "output.LayerNorm", b.feed_norm_of_sum);
  }
  if (e.pooler.dense.outputs() > 0) to.linear("pooler.dense", e.pooler.dense);
}

inline std::string config_text(const encoder<float>& e) {
  const transformer_block<float>& b = e.blocks.front();
  const auto& feed = std::get<feed_forward<float>>(b.feed);
  nlohmann::ordered_json c;
  c["architectures"] = {"BertModel"};
  c["model_type"] = "bert";
  c["vocab_size"] = e.words.vocabulary();
  c["type_vocab_size"] = e.types.vocabulary();
  c["max_position_embeddings"] = e.places->weight.rows();
  c["hidden_size"] = e.words.model();
  c["num_hidden_layers"] = e.blocks.size();
  c["num_attention_heads"] = b.attention.heads.query;
  c["intermediate_size"] = feed.up.outputs();
  c["hidden_act"] = name_of_bert_activation(feed.activation);
  c["layer_norm_eps"] = std::get<layer_norm<float>>(e.embedding_norm).epsilon;
  c["torch_dtype"] = "float32";
  return c.dump(2) + '\n';
}

}  // namespace detail

HEED_MODELS_INLINE void save_encoder(const std::filesystem::path& folder, const encoder<float>& e) {
  detail::check_is_bert(e);
  detail::written_tensors tensors("heed::save_encoder");
  detail::add_bert(e, tensors);
  std::filesystem::create_directories(folder);
  detail::write_text(folder / "config.json", detail::config_text(e));
  write_safetensors(folder / "model.safetensors", tensors.views(), {{"format", "pt"}});
}

}  // namespace HEED_ABI
}  // namespace heed
