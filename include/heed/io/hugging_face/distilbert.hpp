// SPDX-License-Identifier: MIT
// DistilBERT: BERT without types of tokens and without a pooler.
#pragma once

#include <heed/io/hugging_face/encoder_family.hpp>  // encoder_family

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline encoder<float> load_distilbert(const config& c, model_weights& weights) {
  constexpr double epsilon = 1e-12;
  const index model = c.count("dim"), heads = c.count("n_heads"), layers = c.count("n_layers"),
              vocabulary = c.count("vocab_size"),
              positions = c.count("max_position_embeddings", 512);
  const encoder_block_facts facts{model,
                                  heads,
                                  head_width(c, "n_heads", model, heads),
                                  c.count("hidden_dim"),
                                  epsilon,
                                  read_activation(c, "activation", "gelu")};
  const std::string prefix =
      find_prefix(weights, "embeddings.word_embeddings.weight", {"", "distilbert."});
  const std::string words = prefix + "embeddings.word_embeddings.weight";

  // Sinusoidal positions are a tensor of the file, as learned ones are.
  ignore_fields(c, {"sinusoidal_pos_embds", "tie_weights_", "tie_word_embeddings"});

  encoder<float> encoder;
  encoder.words.weight = weights.table(words, vocabulary, model);
  load_places(encoder, weights, prefix + "embeddings.position_embeddings.weight", positions, model);
  weights.leave_out(prefix + "embeddings.position_ids");
  encoder.embedding_norm = weights.layer_norm(prefix + "embeddings.LayerNorm", model, epsilon);
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered(prefix + "transformer.layer.", i);
    transformer_block<float> block;
    block.attention = load_encoder_attention(weights, name + "attention.",
                                             {"q_lin", "k_lin", "v_lin", "out_lin"}, facts);
    block.attention_norm_of_sum = weights.layer_norm(name + "sa_layer_norm", model, epsilon);
    block.feed = load_encoder_feed(weights, name + "ffn.lin1", name + "ffn.lin2", facts);
    block.feed_norm_of_sum = weights.layer_norm(name + "output_layer_norm", model, epsilon);
    encoder.blocks.push_back(std::move(block));
  }

  output_head<float>& head = encoder.head;
  if (weights.contains("pre_classifier.weight")) {
    head.pooled = pooling::first;
    head.dense = weights.linear("pre_classifier", model, model, true);
    head.activation = activation::relu;
  }
  if (weights.contains("classifier.weight"))
    head.output = load_classes(weights, "classifier", model);
  if (weights.contains("vocab_transform.weight")) {
    head.dense = weights.linear("vocab_transform", model, model, true);
    head.activation = facts.activation;
    head.norm = weights.layer_norm("vocab_layer_norm", model, epsilon);
    head.output = load_word_scores(c, weights, words, "vocab_projector", "vocab_projector.bias",
                                   vocabulary, model);
  }
  return encoder;
}

inline constexpr encoder_family distilbert_families[] = {{"distilbert", load_distilbert}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
