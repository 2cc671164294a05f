// SPDX-License-Identifier: MIT
// BERT, RoBERTa, XLM-RoBERTa and CamemBERT: the encoder alone, with a masked-language-model head, or
// with a classification head (rerankers).
#pragma once

#include <heed/io/hugging_face/encoder_family.hpp>  // encoder_family

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The encoder without heads. counts_padding is false for RoBERTa, whose positions count only tokens
// that are not padding.
inline encoder<float> load_bert_body(const config& c, model_weights& weights,
                                     const std::string& prefix, bool counts_padding) {
  const index model = c.count("hidden_size"), heads = c.count("num_attention_heads"),
              layers = c.count("num_hidden_layers"), vocabulary = c.count("vocab_size"),
              positions = c.count("max_position_embeddings", 512);
  const encoder_block_facts facts{model,
                                  heads,
                                  head_width(c, "num_attention_heads", model, heads),
                                  c.count("intermediate_size"),
                                  c.number("layer_norm_eps", 1e-12),
                                  read_activation(c, "hidden_act", "gelu")};
  serve_only(c, "position_embedding_type", "absolute");
  serve_only(c, "is_decoder", false);
  serve_only(c, "add_cross_attention", false);
  ignore_fields(
      c, {"directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
          "pooler_size_per_head", "pooler_type", "tie_word_embeddings"});

  encoder<float> encoder;
  const std::string embeddings = prefix + "embeddings.";
  encoder.words.weight = weights.table(embeddings + "word_embeddings.weight", vocabulary, model);
  encoder.types.weight = weights.table(embeddings + "token_type_embeddings.weight",
                                       c.count("type_vocab_size", 2), model);
  load_places(encoder, weights, embeddings + "position_embeddings.weight", positions, model);
  if (!counts_padding) {
    encoder.uncounted_id = c.integer("pad_token_id", 1);
    encoder.first_place = *encoder.uncounted_id + 1;
  }
  encoder.embedding_norm = weights.layer_norm(embeddings + "LayerNorm", model, facts.epsilon);
  for (const char* const buffer : {"position_ids", "token_type_ids"})
    weights.leave_out(embeddings + buffer);
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered(prefix + "encoder.layer.", i);
    transformer_block<float> block;
    block.attention =
        load_encoder_attention(weights, name + "attention.",
                               {"self.query", "self.key", "self.value", "output.dense"}, facts);
    block.attention_norm_of_sum =
        weights.layer_norm(name + "attention.output.LayerNorm", model, facts.epsilon);
    block.feed =
        load_encoder_feed(weights, name + "intermediate.dense", name + "output.dense", facts);
    block.feed_norm_of_sum = weights.layer_norm(name + "output.LayerNorm", model, facts.epsilon);
    encoder.blocks.push_back(std::move(block));
  }
  return encoder;
}

// tanh(W x + b) of the first token.
inline output_head<float> load_tanh_pooler(model_weights& weights, const std::string& name,
                                           index model) {
  output_head<float> pooler;
  pooler.pooled = pooling::first;
  pooler.activation = activation::tanh;
  pooler.dense = weights.linear(name, model, model, true);
  return pooler;
}

inline encoder<float> load_bert(const config& c, model_weights& weights) {
  const std::string prefix =
      find_prefix(weights, "embeddings.word_embeddings.weight", {"", "bert."});
  encoder<float> encoder = load_bert_body(c, weights, prefix, true);
  const index model = c.count("hidden_size");
  if (weights.contains(prefix + "pooler.dense.weight"))
    encoder.pooler = load_tanh_pooler(weights, prefix + "pooler.dense", model);
  if (weights.contains("classifier.weight")) {
    if (!is_architecture(c, "ForTokenClassification")) encoder.head = encoder.pooler;
    encoder.head.output = load_classes(weights, "classifier", model);
  }
  if (weights.contains("cls.predictions.bias")) {
    const std::string name = "cls.predictions.";
    output_head<float>& head = encoder.head;
    head.dense = weights.linear(name + "transform.dense", model, model, true);
    head.activation = read_activation(c, "hidden_act", "gelu");
    head.norm =
        weights.layer_norm(name + "transform.LayerNorm", model, c.number("layer_norm_eps", 1e-12));
    head.output = load_word_scores(c, weights, prefix + "embeddings.word_embeddings.weight",
                                   name + "decoder", name + "bias", c.count("vocab_size"), model);
    for (const char* const next : {"cls.seq_relationship.weight", "cls.seq_relationship.bias"})
      weights.leave_out(next);  // the head of next-sentence prediction, of pre-training only
  }
  return encoder;
}

// The heads of RoBERTa and of MPNet.
inline void load_roberta_heads(const config& c, model_weights& weights, encoder<float>& encoder,
                               const std::string& prefix) {
  const index model = c.count("hidden_size");
  output_head<float>& head = encoder.head;
  if (weights.contains(prefix + "pooler.dense.weight"))
    encoder.pooler = load_tanh_pooler(weights, prefix + "pooler.dense", model);
  if (weights.contains("classifier.out_proj.weight")) {
    head = load_tanh_pooler(weights, "classifier.dense", model);
    head.output = load_classes(weights, "classifier.out_proj", model);
  } else if (weights.contains("classifier.weight")) {
    head.output = load_classes(weights, "classifier", model);
  } else if (weights.contains("lm_head.dense.weight")) {
    head.dense = weights.linear("lm_head.dense", model, model, true);
    head.activation = activation::gelu;
    head.norm = weights.layer_norm("lm_head.layer_norm", model, c.number("layer_norm_eps", 1e-12));
    head.output = load_word_scores(c, weights, prefix + "embeddings.word_embeddings.weight",
                                   "lm_head.decoder", "lm_head.bias", c.count("vocab_size"), model);
  }
}

inline encoder<float> load_roberta(const config& c, model_weights& weights) {
  const std::string prefix =
      find_prefix(weights, "embeddings.word_embeddings.weight", {"", "roberta."});
  encoder<float> encoder = load_bert_body(c, weights, prefix, false);
  load_roberta_heads(c, weights, encoder, prefix);
  return encoder;
}

inline constexpr encoder_family bert_families[] = {
    {"bert", load_bert},
    {"roberta", load_roberta},
    {"xlm-roberta", load_roberta},
    {"camembert", load_roberta},
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
