// SPDX-License-Identifier: MIT
// T5 and mT5: rms_norm before each layer, no biases, scores that are not scaled, and a relative position bias
// (buckets, heads), which all layers of a side share.
#pragma once

#include <heed/io/hugging_face/encoder_decoder_family.hpp>  // encoder_decoder_family
#include <heed/position/distance_buckets.hpp>               // distance_buckets

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Sizes and options of both sides.
struct t5_facts {
  encoder_block_facts block;
  bool gated = false;
  index buckets = 0;
  index reach = 0;
};

// feed_forward_proj is the name of an activation, perhaps after "gated-"; "gated-gelu" means gelu_tanh.
inline t5_facts read_t5_facts(const config& c) {
  t5_facts f{{c.count("d_model"), c.count("num_heads"), c.count("d_kv"), c.count("d_ff"),
              c.number("layer_norm_epsilon", 1e-6), activation::relu, false},
             false,
             c.count("relative_attention_num_buckets", 32),
             c.count("relative_attention_max_distance", 128)};
  const std::string kind = c.text("feed_forward_proj", "relu");
  const std::string_view gated = "gated-";
  f.gated = std::string_view(kind).starts_with(gated);
  const std::string name = f.gated ? kind.substr(gated.size()) : kind;
  if (kind == "gated-gelu" || name == "gelu_new")
    f.block.activation = activation::gelu_tanh;
  else if (name == "gelu")
    f.block.activation = activation::gelu;
  else if (name == "silu" || name == "swish")
    f.block.activation = activation::silu;
  else if (name != "relu")
    c.refuse("feed_forward_proj", "relu, gelu, gelu_new or silu, perhaps with \"gated-\" before");
  if (f.buckets < 4 || f.reach <= f.buckets / 2)
    c.refuse("relative_attention_max_distance",
             "more than half of relative_attention_num_buckets, which must be at least 4");
  return f;
}

inline attention_layer<float> load_t5_attention(model_weights& weights, const std::string& prefix,
                                                const t5_facts& f) {
  attention_layer<float> layer =
      load_encoder_attention(weights, prefix, {"q", "k", "v", "o"}, f.block);
  layer.rules.scale = 1;
  return layer;
}

inline feed_forward<float> load_t5_feed(model_weights& weights, const std::string& prefix,
                                        const t5_facts& f) {
  feed_forward<float> feed =
      load_encoder_feed(weights, prefix + (f.gated ? "wi_1" : "wi"), prefix + "wo", f.block);
  if (f.gated) feed.gate = weights.linear(prefix + "wi_0", f.block.model, f.block.hidden, false);
  return feed;
}

inline matrix<double> load_t5_distances(model_weights& weights, const std::string& side,
                                        const t5_facts& f, distance_buckets::sides seen) {
  const std::string name = side + "block.0.layer.0.SelfAttention.relative_attention_bias.weight";
  const distance_buckets buckets{f.buckets, f.reach, seen};
  return buckets.spread(weights.floats(name, f.buckets, f.block.heads));
}

inline encoder_decoder<float> load_t5(const config& c, model_weights& weights) {
  const t5_facts facts = read_t5_facts(c);
  ignore_fields(c, {"dense_act_fn", "initializer_factor", "is_encoder_decoder", "is_gated_act",
                    "scale_decoder_outputs", "tie_word_embeddings"});
  const index model = facts.block.model, vocabulary = c.count("vocab_size"),
              layers = c.count("num_layers"),
              decoder_layers = c.count("num_decoder_layers", layers);
  const auto norm = [&](const std::string& name) {
    return weights.rms_norm(name, model, facts.block.epsilon);
  };

  encoder_decoder<float> t5;
  t5.start_id = c.integer("decoder_start_token_id", c.integer("pad_token_id", 0));
  t5.encoder.words.weight = weights.table("shared.weight", vocabulary, model);
  t5.decoder.words.weight = t5.encoder.words.weight;
  for (const char* const copy : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"})
    weights.leave_out(copy);
  const matrix<double> around =
      load_t5_distances(weights, "encoder.", facts, distance_buckets::sides::both);
  const matrix<double> before =
      load_t5_distances(weights, "decoder.", facts, distance_buckets::sides::before);
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered("encoder.block.", i) + "layer.";
    transformer_block<float> block;
    block.attention_norm = norm(name + "0.layer_norm");
    block.attention = load_t5_attention(weights, name + "0.SelfAttention.", facts);
    block.attention.rules.distance_bias = around;
    block.feed_norm = norm(name + "1.layer_norm");
    block.feed = load_t5_feed(weights, name + "1.DenseReluDense.", facts);
    t5.encoder.blocks.push_back(std::move(block));
  }
  t5.encoder.final_norm = norm("encoder.final_layer_norm");
  for (index i = 0; i < decoder_layers; ++i) {
    const std::string name = numbered("decoder.block.", i) + "layer.";
    transformer_block<float> own, cross;
    own.attention_norm = norm(name + "0.layer_norm");
    own.attention = load_t5_attention(weights, name + "0.SelfAttention.", facts);
    own.attention.rules.causal = true;
    own.attention.rules.distance_bias = before;
    cross.attention_norm = norm(name + "1.layer_norm");
    cross.attention = load_t5_attention(weights, name + "1.EncDecAttention.", facts);
    cross.feed_norm = norm(name + "2.layer_norm");
    cross.feed = load_t5_feed(weights, name + "2.DenseReluDense.", facts);
    // Old files have this table, which transformers does not use.
    weights.leave_out(name + "1.EncDecAttention.relative_attention_bias.weight");
    t5.decoder.blocks.push_back(std::move(own));
    t5.cross_blocks.push_back(std::move(cross));
  }
  t5.decoder.final_norm = norm("decoder.final_layer_norm");

  // The logits of T5, whose head is the embedding, are divided by √model; those of T5 1.1 and mT5 are not.
  const bool own_head = weights.contains("lm_head.weight");
  t5.decoder.head.weight =
      weights.weight(own_head ? "lm_head.weight" : "shared.weight", model, vocabulary);
  if (c.text("model_type") == "t5" && c.flag("tie_word_embeddings", true) &&
      c.flag("scale_decoder_outputs", true))
    t5.decoder.logit_scale = 1 / std::sqrt(static_cast<double>(model));
  return t5;
}

inline constexpr encoder_decoder_family t5_families[] = {{"t5", load_t5}, {"mt5", load_t5}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
