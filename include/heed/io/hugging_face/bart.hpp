// SPDX-License-Identifier: MIT
// BART, and the families that differ from BART in positions and in the places of norms: Marian and
// Whisper.
#pragma once

#include <heed/io/hugging_face/encoder_decoder_family.hpp>  // encoder_decoder_family
#include <heed/position/sinusoidal.hpp>                     // sinusoidal

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The differences between the members of the family.
struct bart_facts {
  bool norms_before = false;    // of the inputs of layers, and a final norm: Whisper
  bool embedding_norm = false;  // a norm of the embeddings: BART
  bool key_bias = true;         // false: the projection of keys has no bias: Whisper
  bool may_scale = true;  // embeddings, by √model if scale_embedding is true; never in Whisper
};

// One of the two sides, as its config's fields name it: "encoder" or "decoder".
struct bart_side {
  std::string prefix;  // "model.encoder."
  encoder_block_facts block;
  index layers;
};

inline bart_side read_bart_side(const config& c, const std::string& side) {
  const index model = c.count("d_model");
  const std::string heads = side + "_attention_heads", hidden = side + "_ffn_dim",
                    layers = side + "_layers";
  const index count = c.count(heads);
  return {"model." + side + ".",
          {model, count, head_width(c, heads.c_str(), model, count), c.count(hidden), 1e-5,
           read_activation(c, "activation_function", "gelu")},
          c.count(layers)};
}

inline attention_layer<float> load_bart_attention(model_weights& weights, const std::string& prefix,
                                                  const bart_side& side, const bart_facts& facts) {
  const encoder_attention_names names{"q_proj", "k_proj", "v_proj", "out_proj"};
  if (facts.key_bias) return load_encoder_attention(weights, prefix, names, side.block);
  encoder_block_facts without = side.block;
  without.bias = false;
  attention_layer<float> layer = load_encoder_attention(weights, prefix, names, without);
  const index model = side.block.model;
  layer.query.bias = weights.vector(prefix + "q_proj.bias", model);
  layer.value.bias = weights.vector(prefix + "v_proj.bias", model);
  layer.output.bias = weights.vector(prefix + "out_proj.bias", model);
  return layer;
}

// Loads the norm `name`: of the layer's input, or of the residual sum after the layer.
inline void load_bart_norm(model_weights& weights, const std::string& name, const bart_side& side,
                           const bart_facts& facts, normalisation<float>& before,
                           normalisation<float>& of_sum) {
  (facts.norms_before ? before : of_sum) =
      weights.layer_norm(name, side.block.model, side.block.epsilon);
}

inline void load_bart_feed(model_weights& weights, const std::string& name, const bart_side& side,
                           const bart_facts& facts, transformer_block<float>& block) {
  block.feed = load_encoder_feed(weights, name + "fc1", name + "fc2", side.block);
  load_bart_norm(weights, name + "final_layer_norm", side, facts, block.feed_norm,
                 block.feed_norm_of_sum);
}

// The blocks of both sides, and the norms around them.
inline void load_bart_blocks(const config& c, model_weights& weights, const bart_facts& facts,
                             encoder_decoder<float>& model) {
  const bart_side encoder = read_bart_side(c, "encoder"), decoder = read_bart_side(c, "decoder");
  for (index i = 0; i < encoder.layers; ++i) {
    const std::string name = numbered(encoder.prefix + "layers.", i);
    transformer_block<float> block;
    block.attention = load_bart_attention(weights, name + "self_attn.", encoder, facts);
    load_bart_norm(weights, name + "self_attn_layer_norm", encoder, facts, block.attention_norm,
                   block.attention_norm_of_sum);
    load_bart_feed(weights, name, encoder, facts, block);
    model.encoder.blocks.push_back(std::move(block));
  }
  for (index i = 0; i < decoder.layers; ++i) {
    const std::string name = numbered(decoder.prefix + "layers.", i);
    transformer_block<float> own, cross;
    own.attention = load_bart_attention(weights, name + "self_attn.", decoder, facts);
    own.attention.rules.causal = true;
    load_bart_norm(weights, name + "self_attn_layer_norm", decoder, facts, own.attention_norm,
                   own.attention_norm_of_sum);
    cross.attention = load_bart_attention(weights, name + "encoder_attn.", decoder, facts);
    load_bart_norm(weights, name + "encoder_attn_layer_norm", decoder, facts, cross.attention_norm,
                   cross.attention_norm_of_sum);
    load_bart_feed(weights, name, decoder, facts, cross);
    model.decoder.blocks.push_back(std::move(own));
    model.cross_blocks.push_back(std::move(cross));
  }
  ignore_fields(c, {"add_bias_logits", "add_final_layer_norm", "classif_dropout",
                    "extra_pos_embeddings", "force_bos_token_to_be_generated", "is_encoder_decoder",
                    "normalize_before", "normalize_embedding", "num_hidden_layers",
                    "scale_embedding", "static_position_embeddings"});
  const index width = encoder.block.model;
  const auto norm = [&](const bart_side& side, const char* name) {
    return weights.layer_norm(side.prefix + name, width, side.block.epsilon);
  };
  if (facts.embedding_norm) {
    model.encoder.embedding_norm = norm(encoder, "layernorm_embedding");
    model.decoder.embedding_norm = norm(decoder, "layernorm_embedding");
  }
  if (facts.norms_before) {
    model.encoder.final_norm = norm(encoder, "layer_norm");
    model.decoder.final_norm = norm(decoder, "layer_norm");
  }
  if (facts.may_scale && c.flag("scale_embedding", false))
    model.encoder.embedding_scale = model.decoder.embedding_scale =
        std::sqrt(static_cast<double>(width));
}

// The token embeddings of both sides, whose tables may be the same tensor, and the head with its bias.
inline void load_bart_words(const config& c, model_weights& weights, const std::string& of_encoder,
                            const std::string& of_decoder, encoder_decoder<float>& model) {
  const index width = c.count("d_model"), vocabulary = c.count("vocab_size"),
              written =
                  of_encoder == of_decoder ? vocabulary : c.count("decoder_vocab_size", vocabulary);
  const bool tied = c.flag("tie_word_embeddings", true);
  // A file of transformers 5 has a table for each side where nothing is tied.
  const auto table = [&](const char* own, const std::string& shared, index rows) {
    return weights.table(!tied && weights.contains(own) ? own : shared, rows, width);
  };
  model.encoder.words.weight = table("model.encoder.embed_tokens.weight", of_encoder, vocabulary);
  model.decoder.words.weight = table("model.decoder.embed_tokens.weight", of_decoder, written);
  for (const char* const copy : {"model.shared.weight", "model.encoder.embed_tokens.weight",
                                 "model.decoder.embed_tokens.weight"})
    weights.leave_out(copy);
  if (tied) weights.leave_out("lm_head.weight");
  model.decoder.head.weight = weights.weight(tied ? of_decoder : "lm_head.weight", width, written);
  if (weights.contains("final_logits_bias"))
    model.decoder.head.bias =
        reshaped(weights, "final_logits_bias", {1, written}, 1, written).row(0);
}

template <class Side>
void load_bart_places(Side& side, model_weights& weights, const std::string& name, index positions,
                      index model, index first) {
  side.places.emplace(position_embedding<float>::sizes{positions + first, model});
  side.places->weight = weights.floats(name, positions + first, model);
  side.first_place = first;
}

inline encoder_decoder<float> load_bart(const config& c, model_weights& weights) {
  const index positions = c.count("max_position_embeddings", 1024), width = c.count("d_model");
  encoder_decoder<float> model;
  model.start_id = c.integer("decoder_start_token_id", 2);
  load_bart_words(c, weights, "model.shared.weight", "model.shared.weight", model);
  load_bart_places(model.encoder, weights, "model.encoder.embed_positions.weight", positions, width,
                   2);
  load_bart_places(model.decoder, weights, "model.decoder.embed_positions.weight", positions, width,
                   2);
  load_bart_blocks(c, weights, {.embedding_norm = true}, model);
  return model;
}

// Sinusoidal positions, (positions, width): sines in the first half of the columns, cosines in the
// second.
inline matrix<float> marian_places(index positions, index width) {
  const matrix<float> together = sinusoidal<float>({.model = width})(0, positions);
  matrix<float> apart(positions, width);
  for (index f = 0; f < width; ++f)
    apart.col(f % 2 == 0 ? f / 2 : (width + 1) / 2 + f / 2) = together.col(f);
  return apart;
}

inline encoder_decoder<float> load_marian(const config& c, model_weights& weights) {
  const index positions = c.count("max_position_embeddings", 1024), width = c.count("d_model");
  const bool shared = c.flag("share_encoder_decoder_embeddings", true);
  ignore_fields(c, {"decoder_vocab_size"});
  encoder_decoder<float> model;
  model.start_id = c.integer("decoder_start_token_id", c.integer("pad_token_id", 58100));
  load_bart_words(c, weights, shared ? "model.shared.weight" : "model.encoder.embed_tokens.weight",
                  shared ? "model.shared.weight" : "model.decoder.embed_tokens.weight", model);
  const matrix<float> places = marian_places(positions, width);
  model.encoder.places.emplace(position_embedding<float>::sizes{positions, width}).weight = places;
  model.decoder.places = model.encoder.places;
  for (const char* const copy :
       {"model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"})
    weights.leave_out(copy);
  load_bart_blocks(c, weights, {}, model);
  return model;
}

// A convolution of three rows, "name.weight" (outputs, inputs, 3) and "name.bias".
inline convolution<float> load_convolution(model_weights& weights, const std::string& name,
                                           index inputs, index outputs, index stride) {
  convolution<float> layer;
  layer.stride = stride;
  layer.activation = activation::gelu;
  layer.weights.weight = matrix<float>(
      reshaped(weights, name + ".weight", {outputs, inputs, 3}, outputs, 3 * inputs).transpose());
  layer.weights.bias = weights.vector(name + ".bias", outputs);
  return layer;
}

inline encoder_decoder<float> load_whisper(const config& c, model_weights& weights) {
  const index width = c.count("d_model"), vocabulary = c.count("vocab_size"),
              features = c.count("num_mel_bins", 80), heard = c.count("max_source_positions", 1500),
              written = c.count("max_target_positions", 448);
  ignore_fields(
      c, {"apply_spec_augment", "classifier_proj_size", "forced_decoder_ids", "mask_feature_length",
          "mask_feature_min_masks", "mask_feature_prob", "mask_time_length", "mask_time_min_masks",
          "mask_time_prob", "median_filter_width", "use_weighted_layer_sum"});
  encoder_decoder<float> model;
  model.start_id = c.integer("decoder_start_token_id", 50257);
  model.encoder.convolutions = {
      load_convolution(weights, "model.encoder.conv1", features, width, 1),
      load_convolution(weights, "model.encoder.conv2", width, width, 2)};
  load_bart_places(model.encoder, weights, "model.encoder.embed_positions.weight", heard, width, 0);
  load_bart_places(model.decoder, weights, "model.decoder.embed_positions.weight", written, width,
                   0);
  load_words(model.decoder, weights, "model.decoder.embed_tokens.weight", "proj_out.weight",
             vocabulary, width, c.flag("tie_word_embeddings", true));
  load_bart_blocks(c, weights, {.norms_before = true, .key_bias = false, .may_scale = false},
                   model);
  return model;
}

inline constexpr encoder_decoder_family bart_families[] = {
    {"bart", load_bart}, {"marian", load_marian}, {"whisper", load_whisper}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
