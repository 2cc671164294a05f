// SPDX-License-Identifier: MIT
// CLIP: an encoder of texts and one of images, projected into one space.
#pragma once

#include <heed/io/hugging_face/vit.hpp>  // load_patches
#include <heed/model/dual_encoder.hpp>   // dual_encoder

#include <cmath>  // exp

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The blocks of one of the two encoders; causal is true for that of texts.
inline void load_clip_blocks(const config& c, model_weights& weights, const std::string& prefix,
                             index model, bool causal, encoder<float>& encoder) {
  const index heads = c.count("num_attention_heads"), layers = c.count("num_hidden_layers");
  const encoder_block_facts facts{model,
                                  heads,
                                  head_width(c, "num_attention_heads", model, heads),
                                  c.count("intermediate_size"),
                                  c.number("layer_norm_eps", 1e-5),
                                  read_activation(c, "hidden_act", "quick_gelu")};
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered(prefix + "encoder.layers.", i);
    transformer_block<float> block;
    block.attention_norm = weights.layer_norm(name + "layer_norm1", model, facts.epsilon);
    block.attention = load_encoder_attention(weights, name + "self_attn.",
                                             {"q_proj", "k_proj", "v_proj", "out_proj"}, facts);
    block.attention.rules.causal = causal;
    block.feed_norm = weights.layer_norm(name + "layer_norm2", model, facts.epsilon);
    block.feed = load_encoder_feed(weights, name + "mlp.fc1", name + "mlp.fc2", facts);
    encoder.blocks.push_back(std::move(block));
  }
}

inline encoder<float> load_clip_text(const config& c, model_weights& weights) {
  const std::string prefix = "text_model.";
  const index model = c.count("hidden_size", 512);
  encoder<float> text;
  text.words.weight = weights.table(prefix + "embeddings.token_embedding.weight",
                                    c.count("vocab_size", 49408), model);
  load_places(text, weights, prefix + "embeddings.position_embedding.weight",
              c.count("max_position_embeddings", 77), model);
  weights.leave_out(prefix + "embeddings.position_ids");
  load_clip_blocks(c, weights, prefix, model, true, text);
  text.final_norm =
      weights.layer_norm(prefix + "final_layer_norm", model, c.number("layer_norm_eps", 1e-5));
  return text;
}

inline encoder<float> load_clip_image(const config& c, model_weights& weights, index width) {
  const std::string prefix = "vision_model.", embeddings = prefix + "embeddings.";
  const index model = c.count("hidden_size", 768);
  const double epsilon = c.number("layer_norm_eps", 1e-5);
  encoder<float> image;
  image.patches = load_patches(c, weights, embeddings + "patch_embedding", model, false);
  image.patches.class_token = weights.vector(embeddings + "class_embedding", model);
  load_places(image, weights, embeddings + "position_embedding.weight", image.patches.tokens(),
              model);
  weights.leave_out(embeddings + "position_ids");
  image.embedding_norm = weights.layer_norm(prefix + "pre_layrnorm", model, epsilon);
  load_clip_blocks(c, weights, prefix, model, false, image);
  image.head.pooled = pooling::first;
  image.head.norm_before = weights.layer_norm(prefix + "post_layernorm", model, epsilon);
  image.head.output = weights.linear("visual_projection", model, width, false);
  return image;
}

inline dual_encoder<float> load_clip(const config& c, model_weights& weights) {
  const index width = c.count("projection_dim", 512);
  const config of_text = c.object("text_config"), of_image = c.object("vision_config");
  // Older files have copies of both objects, *_config_dict. Of the fields projection_dim, Hugging Face's
  // code reads only that of the outer object.
  ignore_fields(c, {"initializer_factor", "logit_scale_init_value", "text_config_dict",
                    "vision_config_dict"});
  for (const config& part : {of_text, of_image})
    ignore_fields(part, {"initializer_factor", "projection_dim"});
  dual_encoder<float> model;
  model.text = load_clip_text(of_text, weights);
  model.text_projection = weights.linear("text_projection", model.text.words.model(), width, false);
  model.image = load_clip_image(of_image, weights, width);
  // Older configs have eos_token_id 2, which is not the end token: that is then the token of the largest id.
  if (const index end = of_text.integer("eos_token_id", 49407); end != 2) model.end = end;
  float scale = 0;
  to_float(weights.tensor("logit_scale", {}), &scale);
  model.logit_scale = std::exp(static_cast<double>(scale));
  return model;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
