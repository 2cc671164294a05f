// SPDX-License-Identifier: MIT
// A decoder from a GGUF file: Llama and Qwen 2 and 3 as llama.cpp writes them.
//
//   const heed::language_model model = heed::load_gguf_model("SmolLM2-135M-Instruct.Q4_1.gguf");
#pragma once

#include <heed/io/gguf.hpp>                        // read_gguf
#include <heed/io/hugging_face/model_weights.hpp>  // model_weights
#include <heed/model/language_model.hpp>           // language_model

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Llama's rows of query and key weights have been permuted for interleaved rotary positions; Qwen's not.
inline rotary_pairing gguf_pairing(const config& c, const std::string& architecture) {
  if (architecture == "llama") return rotary_pairing::interleaved;
  if (architecture == "qwen2" || architecture == "qwen3") return rotary_pairing::half_split;
  c.refuse("general.architecture", "\"llama\", \"qwen2\" or \"qwen3\"");
}

// Frequencies that the file scales: Llama 3's factors of each pair.
inline rotary_scaling gguf_scaling(const config& c, const std::string& arch, model_weights& weights,
                                   index pairs) {
  if (weights.contains("rope_freqs.weight")) {
    const Eigen::RowVectorXf factors = weights.vector("rope_freqs.weight", pairs);
    std::vector<double> all(factors.begin(), factors.end());
    return longrope_scaling{all, all, 1, 1};
  }
  const std::string kind = c.text(arch + ".rope.scaling.type", "none");
  if (kind == "none") return no_scaling{};
  if (kind == "linear") return linear_scaling{c.number(arch + ".rope.scaling.factor")};
  if (kind == "yarn")
    return yarn_scaling{
        .factor = c.number(arch + ".rope.scaling.factor"),
        .original_positions = c.number(arch + ".rope.scaling.original_context_length")};
  c.refuse(arch + ".rope.scaling.type", "\"none\", \"linear\" or \"yarn\"");
}

inline language_model load_gguf_decoder(model_weights weights) {
  const config& c = weights.file().metadata();
  const std::string arch = c.text("general.architecture"), of = arch + ".";
  const rotary_pairing pairing = gguf_pairing(c, arch);
  const index model = c.count(of + "embedding_length"), layers = c.count(of + "block_count"),
              heads = c.count(of + "attention.head_count"),
              kv_heads = c.count(of + "attention.head_count_kv", heads),
              width = c.count(of + "attention.key_length", model / heads),
              hidden = c.count(of + "feed_forward_length"),
              rotated = c.count(of + "rope.dimension_count", width);
  const double epsilon = c.number(of + "attention.layer_norm_rms_epsilon", 1e-5);
  const tensor_view& words = weights.file()["token_embd.weight"];
  const index vocabulary = words.rows();
  const rotary_embedding<float> rope({.width = width,
                                      .rotary_width = rotated,
                                      .theta = c.number(of + "rope.freq_base", 10000),
                                      .pairing = pairing,
                                      .scaling = gguf_scaling(c, arch, weights, rotated / 2)});

  language_model loaded;
  loaded.context = c.count(of + "context_length", 0);
  for (const char* const end : {"eos", "eot", "eom"})  // of a text, a turn, a message
    if (const std::string field = "tokenizer.ggml." + (end + std::string("_token_id"));
        c.contains(field))
      loaded.ends.push_back(c.integer(field));
  decoder<float>& decoder = loaded.decoder;
  decoder.words.weight = weights.table("token_embd.weight", vocabulary, model);
  decoder.head.weight = weights.weight(
      weights.contains("output.weight") ? "output.weight" : "token_embd.weight", model, vocabulary);
  for (index i = 0; i < layers; ++i) {
    const std::string name = "blk." + std::to_string(i) + ".";
    const auto linear = [&](const char* of_what, index inputs, index outputs) {
      return weights.linear(name + of_what, inputs, outputs,
                            weights.contains(name + of_what + ".bias"));
    };
    transformer_block<float> block;
    block.attention_norm = weights.rms_norm(name + "attn_norm", model, epsilon);
    block.feed_norm = weights.rms_norm(name + "ffn_norm", model, epsilon);
    attention_layer<float>& attention = block.attention;
    attention.heads = {heads, kv_heads};
    attention.query = linear("attn_q", model, heads * width);
    attention.key = linear("attn_k", model, kv_heads * width);
    attention.value = linear("attn_v", model, kv_heads * width);
    attention.output = linear("attn_output", heads * width, model);
    if (weights.contains(name + "attn_q_norm.weight")) {
      attention.query_norm = weights.rms_norm(name + "attn_q_norm", width, epsilon);
      attention.key_norm = weights.rms_norm(name + "attn_k_norm", width, epsilon);
    }
    attention.rotary = rope;
    feed_forward<float> feed;
    feed.activation = activation::silu;
    feed.gate = linear("ffn_gate", model, hidden);
    feed.up = linear("ffn_up", model, hidden);
    feed.down = linear("ffn_down", hidden, model);
    block.feed = std::move(feed);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("output_norm", model, epsilon);
  weights.refuse_unknown();
  return loaded;
}

}  // namespace detail

// Weights stay as the file has them, which stays mapped. Throws file_error for an architecture that is not
// known and for a tensor that is missing, unknown or has another shape.
inline language_model load_gguf_model(const std::filesystem::path& path) {
  return detail::load_gguf_decoder(detail::model_weights(read_gguf(path)));
}

}  // namespace HEED_ABI
}  // namespace heed
