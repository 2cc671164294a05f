// SPDX-License-Identifier: MIT
// A decoder from a .bin file of llama2.c.
//
//   const heed::language_model model = heed::load_llama2c_model("stories260K.bin");
#pragma once

#include <heed/io/hugging_face/model_weights.hpp>  // model_weights
#include <heed/io/llama2c.hpp>                     // read_llama2c
#include <heed/model/language_model.hpp>           // language_model

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline language_model load_llama2c_decoder(model_weights weights) {
  const config& c = weights.file().metadata();
  const index model = c.count("dim"), hidden = c.count("hidden_dim"), layers = c.count("n_layers"),
              heads = c.count("n_heads"), kv_heads = c.count("n_kv_heads"),
              vocabulary = c.count("vocab_size"), width = model / heads;
  constexpr double epsilon = 1e-5;
  const rotary_embedding<float> rope({.width = width, .pairing = rotary_pairing::interleaved});

  language_model loaded;
  loaded.context = c.count("max_seq_len");
  loaded.ends = {1, 2};  // llama2.c ends a text where the next begins
  decoder<float>& decoder = loaded.decoder;
  decoder.words.weight = weights.table("tok_embeddings.weight", vocabulary, model);
  decoder.head.weight =
      weights.weight(weights.contains("output.weight") ? "output.weight" : "tok_embeddings.weight",
                     model, vocabulary);
  for (index i = 0; i < layers; ++i) {
    const std::string name = "layers." + std::to_string(i) + ".";
    const auto linear = [&](const char* of_what, index inputs, index outputs) {
      return weights.linear(name + of_what, inputs, outputs, false);
    };
    transformer_block<float> block;
    block.attention_norm = weights.rms_norm(name + "attention_norm", model, epsilon);
    block.feed_norm = weights.rms_norm(name + "ffn_norm", model, epsilon);
    block.attention.heads = {heads, kv_heads};
    block.attention.query = linear("attention.wq", model, model);
    block.attention.key = linear("attention.wk", model, kv_heads * width);
    block.attention.value = linear("attention.wv", model, kv_heads * width);
    block.attention.output = linear("attention.wo", model, model);
    block.attention.rotary = rope;
    feed_forward<float> feed;
    feed.activation = activation::silu;
    feed.gate = linear("feed_forward.w1", model, hidden);
    feed.down = linear("feed_forward.w2", hidden, model);
    feed.up = linear("feed_forward.w3", model, hidden);
    block.feed = std::move(feed);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("norm", model, epsilon);
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
