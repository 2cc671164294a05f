// SPDX-License-Identifier: MIT
// ModernBERT: rotary positions, gated feed-forward layers, norms before each layer, and attention that is
// local in most layers and global in the others.
#pragma once

#include <heed/io/hugging_face/encoder_family.hpp>  // encoder_family
#include <heed/io/hugging_face/rope.hpp>            // read_rope

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// For each layer, whether its attention is local ("sliding_attention").
inline std::vector<bool> local_layers(const config& c, index layers) {
  std::vector<bool> local;
  const std::vector<std::string> kinds = c.texts("layer_types");
  const index period = c.count("global_attn_every_n_layers", 3);
  for (index i = 0; i < layers && kinds.empty(); ++i) local.push_back(i % period != 0);
  for (const std::string& kind : kinds) {
    if (kind != "sliding_attention" && kind != "full_attention")
      c.refuse("layer_types", "texts that are full_attention or sliding_attention");
    local.push_back(kind == "sliding_attention");
  }
  if (static_cast<index>(local.size()) != layers)
    c.refuse("layer_types", "a kind for each of the " + std::to_string(layers) + " layers");
  return local;
}

inline output_head<float> load_modernbert_head(const config& c, model_weights& weights,
                                               const std::string& words, index model,
                                               double epsilon, bool norm_bias) {
  output_head<float> head;
  head.dense = weights.linear("head.dense", model, model, c.flag("classifier_bias", false));
  head.activation = read_activation(c, "classifier_activation", "gelu");
  head.norm = weights.layer_norm("head.norm", model, epsilon, norm_bias);
  if (weights.contains("classifier.weight")) {
    if (!is_architecture(c, "ForTokenClassification")) {
      const std::string pool = c.text("classifier_pooling", "cls");
      if (pool != "cls" && pool != "mean") c.refuse("classifier_pooling", "\"cls\" or \"mean\"");
      head.pooled = pool == "cls" ? pooling::first : pooling::mean;
    }
    head.output = load_classes(weights, "classifier", model);
  } else if (c.flag("decoder_bias", true)) {
    head.output = load_word_scores(c, weights, words, "decoder", "decoder.bias",
                                   c.count("vocab_size"), model);
  } else {
    const bool tied = c.flag("tie_word_embeddings", true);
    if (tied) weights.leave_out("decoder.weight");
    head.output.weight =
        weights.weight(tied ? words : "decoder.weight", model, c.count("vocab_size"));
  }
  return head;
}

inline encoder<float> load_modernbert(const config& c, model_weights& weights) {
  const index model = c.count("hidden_size"), heads = c.count("num_attention_heads"),
              layers = c.count("num_hidden_layers"), hidden = c.count("intermediate_size"),
              vocabulary = c.count("vocab_size");
  encoder_block_facts facts{model,
                            heads,
                            head_width(c, "num_attention_heads", model, heads),
                            hidden,
                            c.number("norm_eps", 1e-5),
                            read_activation(c, "hidden_activation", "gelu"),
                            c.flag("attention_bias", false)};
  const bool norm_bias = c.flag("norm_bias", false), feed_bias = c.flag("mlp_bias", false);
  const index around = c.count("local_attention", 128) / 2;
  const auto global_rope = read_rope(c, {.width = facts.width,
                                         .theta = c.number("global_rope_theta", 160000),
                                         .layer_type = "full_attention"}),
             local_rope = read_rope(c, {.width = facts.width,
                                        .theta = c.number("local_rope_theta", 10000),
                                        .layer_type = "sliding_attention"});
  const std::vector<bool> local = local_layers(c, layers);
  const std::string prefix =
      find_prefix(weights, "embeddings.tok_embeddings.weight", {"", "model."});
  const std::string words = prefix + "embeddings.tok_embeddings.weight";
  const auto norm = [&](const std::string& name) {
    return weights.layer_norm(name, model, facts.epsilon, norm_bias);
  };

  ignore_fields(
      c, {"classifier_activation", "classifier_bias", "classifier_pooling", "cls_token_id",
          "decoder_bias", "deterministic_flash_attn", "global_attn_every_n_layers",
          "global_rope_theta", "initializer_cutoff_factor", "layer_norm_eps", "local_rope_theta",
          "position_embedding_type", "reference_compile", "repad_logits_with_grad",
          "sparse_pred_ignore_index", "sparse_prediction", "tie_word_embeddings"});

  encoder<float> encoder;
  encoder.words.weight = weights.table(words, vocabulary, model);
  encoder.embedding_norm = norm(prefix + "embeddings.norm");
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered(prefix + "layers.", i);
    transformer_block<float> block;
    if (i > 0) block.attention_norm = norm(name + "attn_norm");
    block.attention = load_fused_attention(weights, name + "attn.Wqkv", name + "attn.Wo", facts);
    const bool is_local = local[static_cast<std::size_t>(i)];
    block.attention.rotary = is_local ? local_rope : global_rope;
    if (is_local) block.attention.rules.window = around;
    block.feed_norm = norm(name + "mlp_norm");
    feed_forward<float> feed;
    feed.activation = facts.activation;
    index first = 0;
    for (linear<float>* const part : {&feed.gate, &feed.up}) {
      part->weight = weights.part_of(name + "mlp.Wi.weight", 2 * hidden, model, first, hidden);
      if (feed_bias)
        part->bias = weights.vector(name + "mlp.Wi.bias", 2 * hidden).segment(first, hidden);
      first += hidden;
    }
    feed.down = weights.linear(name + "mlp.Wo", hidden, model, feed_bias);
    block.feed = std::move(feed);
    encoder.blocks.push_back(std::move(block));
  }
  encoder.final_norm = norm(prefix + "final_norm");
  if (weights.contains("head.dense.weight"))
    encoder.head = load_modernbert_head(c, weights, words, model, facts.epsilon, norm_bias);
  return encoder;
}

inline constexpr encoder_family modernbert_families[] = {{"modernbert", load_modernbert}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
