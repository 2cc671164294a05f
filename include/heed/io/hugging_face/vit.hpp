// SPDX-License-Identifier: MIT
// ViT: an encoder of images, with norms before each layer.
#pragma once

#include <heed/io/hugging_face/encoder_family.hpp>  // encoder_family

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The patch embedding of images from "name.weight", (model, channels, patch, patch), and, if `bias`,
// "name.bias", (model).
inline patch_embedding<float> load_patches(const config& c, model_weights& weights,
                                           const std::string& name, index model, bool bias) {
  const index channels = c.count("num_channels", 3), size = c.count("image_size", 224),
              patch = c.count("patch_size");
  if (patch > size) c.refuse("patch_size", "at most image_size, " + std::to_string(size));
  const index pixels = channels * patch * patch;
  patch_embedding<float> patches({channels, size, size, patch, model, bias});
  patches.projection.weight = matrix<float>(
      reshaped(weights, name + ".weight", {model, channels, patch, patch}, model, pixels)
          .transpose());
  if (bias) patches.projection.bias = weights.vector(name + ".bias", model);
  return patches;
}

inline encoder<float> load_vit(const config& c, model_weights& weights) {
  const index model = c.count("hidden_size"), heads = c.count("num_attention_heads"),
              layers = c.count("num_hidden_layers");
  const encoder_block_facts facts{model,
                                  heads,
                                  head_width(c, "num_attention_heads", model, heads),
                                  c.count("intermediate_size"),
                                  c.number("layer_norm_eps", 1e-12),
                                  read_activation(c, "hidden_act", "gelu")};
  ignore_fields(c, {"encoder_stride", "pooler_act", "pooler_output_size"});
  const bool qkv_bias = c.flag("qkv_bias", true);
  const std::string prefix = find_prefix(weights, "embeddings.cls_token", {"", "vit."});
  const std::string embeddings = prefix + "embeddings.";

  encoder<float> encoder;
  encoder.patches =
      load_patches(c, weights, embeddings + "patch_embeddings.projection", model, true);
  encoder.patches.class_token =
      reshaped(weights, embeddings + "cls_token", {1, 1, model}, 1, model).row(0);
  const index tokens = encoder.patches.tokens();
  encoder.places.emplace(position_embedding<float>::sizes{tokens, model});
  encoder.places->weight =
      reshaped(weights, embeddings + "position_embeddings", {1, tokens, model}, tokens, model);
  weights.leave_out(embeddings + "mask_token");
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered(prefix + "encoder.layer.", i);
    transformer_block<float> block;
    encoder_block_facts attention = facts;
    attention.bias = qkv_bias;
    block.attention_norm = weights.layer_norm(name + "layernorm_before", model, facts.epsilon);
    block.attention = load_encoder_attention(
        weights, name + "attention.",
        {"attention.query", "attention.key", "attention.value", "output.dense"}, attention);
    if (!qkv_bias)
      block.attention.output.bias = weights.vector(name + "attention.output.dense.bias", model);
    block.feed_norm = weights.layer_norm(name + "layernorm_after", model, facts.epsilon);
    block.feed =
        load_encoder_feed(weights, name + "intermediate.dense", name + "output.dense", facts);
    encoder.blocks.push_back(std::move(block));
  }
  encoder.final_norm = weights.layer_norm(prefix + "layernorm", model, facts.epsilon);

  if (weights.contains(prefix + "pooler.dense.weight")) {
    encoder.pooler.pooled = pooling::first;
    encoder.pooler.dense =
        weights.linear(prefix + "pooler.dense", model, c.count("pooler_output_size", model), true);
    encoder.pooler.activation = read_activation(c, "pooler_act", "tanh");
  }
  if (weights.contains("classifier.weight")) {
    encoder.head.pooled = pooling::first;
    encoder.head.output = load_classes(weights, "classifier", model);
  }
  return encoder;
}

inline constexpr encoder_family vit_families[] = {{"vit", load_vit}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
