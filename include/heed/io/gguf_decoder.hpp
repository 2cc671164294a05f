// SPDX-License-Identifier: MIT
// A decoder from a GGUF file: Llama and Qwen 2 and 3 as llama.cpp writes them.
//
//   const heed::language_model model = heed::load_gguf_model("SmolLM2-135M-Instruct.Q4_1.gguf");
#pragma once

#include <heed/io/gguf.hpp>                        // read_gguf
#include <heed/io/hugging_face/decoder_parts.hpp>  // load_attention, load_gated, model_weights
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
  decoder_shape shape{.model = c.count(of + "embedding_length"),
                      .layers = c.count(of + "block_count"),
                      .vocabulary = weights.file()["token_embd.weight"].rows(),
                      .heads = c.count(of + "attention.head_count"),
                      .hidden = c.count(of + "feed_forward_length")};
  shape.kv_heads = c.count(of + "attention.head_count_kv", shape.heads);
  shape.width =
      c.count(of + "attention.key_length", (std::max)(index(1), shape.model / shape.heads));
  const index rotated = c.count(of + "rope.dimension_count", shape.width);
  check_heads(weights.file().name(), shape);
  if (rotated > shape.width || rotated % 2 != 0)
    c.refuse(
        of + "rope.dimension_count",
        "an even number of at most " + std::to_string(shape.width) + ", the columns of a head");
  const double epsilon = c.number(of + "attention.layer_norm_rms_epsilon", 1e-5);
  const rotary_embedding<float> rope({.width = shape.width,
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
  decoder.words.weight = weights.table("token_embd.weight", shape.vocabulary, shape.model);
  decoder.head.weight =
      weights.weight(weights.contains("output.weight") ? "output.weight" : "token_embd.weight",
                     shape.model, shape.vocabulary);
  for (index i = 0; i < shape.layers; ++i) {
    const std::string name = "blk." + std::to_string(i) + ".";
    const auto take_bias = [&](linear<float>& to, const char* of_what) {
      const std::string bias = name + of_what + ".bias";
      if (weights.contains(bias)) to.bias = weights.vector(bias, to.outputs());
    };
    transformer_block<float> block;
    block.attention_norm = weights.rms_norm(name + "attn_norm", shape.model, epsilon);
    block.feed_norm = weights.rms_norm(name + "ffn_norm", shape.model, epsilon);
    attention_layer<float>& attention = block.attention;
    attention = load_attention(
        weights, name, shape,
        {.query = "attn_q", .key = "attn_k", .value = "attn_v", .output = "attn_output"});
    take_bias(attention.query, "attn_q");
    take_bias(attention.key, "attn_k");
    take_bias(attention.value, "attn_v");
    take_bias(attention.output, "attn_output");
    if (weights.contains(name + "attn_q_norm.weight")) {
      attention.query_norm = weights.rms_norm(name + "attn_q_norm", shape.width, epsilon);
      attention.key_norm = weights.rms_norm(name + "attn_k_norm", shape.width, epsilon);
    }
    attention.rotary = rope;
    feed_forward<float> feed =
        load_gated(weights, name, shape.model, shape.hidden, activation::silu,
                   {.gate = "ffn_gate", .up = "ffn_up", .down = "ffn_down"});
    take_bias(feed.gate, "ffn_gate");
    take_bias(feed.up, "ffn_up");
    take_bias(feed.down, "ffn_down");
    block.feed = std::move(feed);
    decoder.blocks.push_back(std::move(block));
  }
  decoder.final_norm = weights.rms_norm("output_norm", shape.model, epsilon);
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
