// SPDX-License-Identifier: MIT
// A decoder from a .bin file of llama2.c.
//
//   const heed::language_model model = heed::load_llama2c_model("stories260K.bin");
#pragma once

#include <heed/io/hugging_face/decoder_parts.hpp>  // load_attention, load_gated, model_weights
#include <heed/io/llama2c.hpp>                     // read_llama2c
#include <heed/model/language_model.hpp>           // language_model

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline language_model load_llama2c_decoder(model_weights weights) {
  const config& c = weights.file().metadata();
  decoder_shape shape{.model = c.count("dim"),
                      .layers = c.count("n_layers"),
                      .vocabulary = c.count("vocab_size"),
                      .heads = c.count("n_heads"),
                      .kv_heads = c.count("n_kv_heads"),
                      .hidden = c.count("hidden_dim")};
  shape.width = shape.model / shape.heads;
  constexpr double epsilon = 1e-5;
  const rotary_embedding<float> rope(
      {.width = shape.width, .pairing = rotary_pairing::interleaved});

  language_model loaded;
  loaded.context = c.count("max_seq_len");
  loaded.ends = {1, 2};  // llama2.c ends a text where the next begins
  decoder<float>& decoder = loaded.decoder;
  decoder.words.weight = weights.table("tok_embeddings.weight", shape.vocabulary, shape.model);
  decoder.head.weight =
      weights.weight(weights.contains("output.weight") ? "output.weight" : "tok_embeddings.weight",
                     shape.model, shape.vocabulary);
  for (index i = 0; i < shape.layers; ++i) {
    const std::string name = "layers." + std::to_string(i) + ".";
    transformer_block<float> block;
    block.attention_norm = weights.rms_norm(name + "attention_norm", shape.model, epsilon);
    block.feed_norm = weights.rms_norm(name + "ffn_norm", shape.model, epsilon);
    block.attention = load_attention(weights, name + "attention.", shape,
                                     {.query = "wq", .key = "wk", .value = "wv", .output = "wo"});
    block.attention.rotary = rope;
    block.feed = load_gated(weights, name + "feed_forward.", shape.model, shape.hidden,
                            activation::silu, {.gate = "w1", .up = "w3", .down = "w2"});
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("norm", shape.model, epsilon);
  weights.refuse_unknown();
  return loaded;
}

}  // namespace detail

// Throws file_error as read_llama2c does.
inline language_model load_llama2c_model(const std::filesystem::path& path) {
  return detail::load_llama2c_decoder(detail::model_weights(read_llama2c(path)));
}

}  // namespace HEED_ABI
}  // namespace heed
