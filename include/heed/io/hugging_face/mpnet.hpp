// SPDX-License-Identifier: MIT
// MPNet: BERT with a relative position bias (buckets, heads), which all layers share.
#pragma once

#include <heed/io/hugging_face/bert.hpp>       // load_roberta_heads
#include <heed/position/distance_buckets.hpp>  // distance_buckets

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline encoder<float> load_mpnet(const config& c, model_weights& weights) {
  const index model = c.count("hidden_size"), heads = c.count("num_attention_heads"),
              layers = c.count("num_hidden_layers"), vocabulary = c.count("vocab_size"),
              positions = c.count("max_position_embeddings", 512);
  const encoder_block_facts facts{model,
                                  heads,
                                  head_width(c, "num_attention_heads", model, heads),
                                  c.count("intermediate_size"),
                                  c.number("layer_norm_eps", 1e-12),
                                  read_activation(c, "hidden_act", "gelu")};
  // Hugging Face's code sorts into 32 buckets, whatever the config says.
  const distance_buckets buckets{.count = 32, .reach = 128};
  if (c.count("relative_attention_num_buckets", 32) != buckets.count)
    c.refuse("relative_attention_num_buckets", "32");
  const std::string prefix =
      find_prefix(weights, "embeddings.word_embeddings.weight", {"", "mpnet."});

  ignore_fields(c, {"tie_word_embeddings"});

  encoder<float> encoder;
  const std::string embeddings = prefix + "embeddings.";
  encoder.words.weight = weights.table(embeddings + "word_embeddings.weight", vocabulary, model);
  load_places(encoder, weights, embeddings + "position_embeddings.weight", positions, model);
  weights.leave_out(embeddings + "position_ids");
  encoder.uncounted_id = 1;  // the id of padding in Hugging Face's code, whatever the config says
  encoder.first_place = 2;
  encoder.embedding_norm = weights.layer_norm(embeddings + "LayerNorm", model, facts.epsilon);
  const matrix<double> bias = buckets.spread(
      weights.floats(prefix + "encoder.relative_attention_bias.weight", buckets.count, heads));
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered(prefix + "encoder.layer.", i);
    transformer_block<float> block;
    block.attention =
        load_encoder_attention(weights, name + "attention.attn.", {"q", "k", "v", "o"}, facts);
    block.attention.rules.distance_bias = bias;
    block.attention_norm_of_sum =
        weights.layer_norm(name + "attention.LayerNorm", model, facts.epsilon);
    block.feed =
        load_encoder_feed(weights, name + "intermediate.dense", name + "output.dense", facts);
    block.feed_norm_of_sum = weights.layer_norm(name + "output.LayerNorm", model, facts.epsilon);
    encoder.blocks.push_back(std::move(block));
  }
  load_roberta_heads(c, weights, encoder, prefix);
  return encoder;
}

inline constexpr encoder_family mpnet_families[] = {{"mpnet", load_mpnet}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
