// SPDX-License-Identifier: MIT
// The definitions of load_keyword_model.hpp. A program that links CMake's heed_models, which
// contains these compiled, does not include this file.
//
//   #include <heed/io/load_keyword_model.hpp>  // includes it
#pragma once

#include <heed/audio/keyword_model.hpp>            // keyword_model
#include <heed/io/hugging_face/model_weights.hpp>  // model_weights
#include <heed/io/load_keyword_model.hpp>          // what is defined here
#include <heed/io/safetensors.hpp>                 // read_safetensors

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Keras numbers its layers through: the first has no number.
inline std::string keras_name(const std::string& name, index i) {
  return i == 0 ? name : name + '_' + std::to_string(i);
}

class keyword_model_reader {
 public:
  explicit keyword_model_reader(tensor_file file) : weights_(std::move(file)) {}

  keyword_model read() {
    const tensor_view& places = weights_.file()["pos_emb"];
    const tensor_view& input = weights_.file()["kws_transformer/dense/Tensordot/MatMul"];
    const std::string& file = weights_.file().name();
    require_file(places.shape.size() == 3 && input.shape.size() == 2 && places.shape[1] > 1 &&
                     places.shape[2] > 0,
                 file, ": pos_emb is ", shape_text{places.shape}, " and the first layer is ",
                 shape_text{input.shape},
                 "; (1, frames + 1, model) and (model, features) were expected");
    model_ = places.shape[2];
    keyword_model model;
    model.input = dense("kws_transformer/dense", input.shape[1], model_, true);
    model.class_token.resize(model_);
    to_float(weights_.tensor("class_emb", {1, 1, model_}), model.class_token.data());
    model.places.resize(places.shape[1], model_);
    to_float(weights_.tensor("pos_emb", {1, places.shape[1], model_}), model.places.data());
    index layers = 0;
    while (weights_.contains(block(layers) + norm(2 * layers) + "/gamma")) ++layers;
    for (index i = 0; i < layers; ++i) model.blocks.push_back(read_block(i));
    const std::string head =
        keras_name("sequential", layers) + '/' + keras_name("dense", 6 * layers + 1);
    const tensor_view& labels = weights_.file()[head + "/bias"];
    model.head = linear<float>();
    model.head.weight = weights_.weight(head + "/MatMul", model_, labels.size());
    model.head.bias = weights_.vector(head + "/bias", labels.size());
    return model;
  }

 private:
  static std::string block(index i) {
    return "kws_transformer/" + keras_name("transformer_block", i) + '/';
  }
  static std::string norm(index i) { return keras_name("layer_normalization", i); }

  linear<float> dense(const std::string& name, index inputs, index outputs, bool bias) {
    linear<float> layer;
    layer.weight = weights_.weight(name + "/Tensordot/MatMul", inputs, outputs);
    if (bias) layer.bias = weights_.vector(name + "/bias", outputs);
    return layer;
  }
  layer_norm<float> normed(const std::string& name) {
    layer_norm<float> made;
    made.weight = weights_.vector(name + "/gamma", model_);
    made.bias = weights_.vector(name + "/beta", model_);
    made.epsilon = 1e-6;
    return made;
  }

  transformer_block<float> read_block(index i) {
    const std::string attention = block(i) + keras_name("multi_head_self_attention", i) + '/',
                      feed = block(i) + keras_name("sequential", i) + '/';
    const auto layer = [&](index j) { return keras_name("dense", 6 * i + j); };
    transformer_block<float> made;
    made.attention.query = dense(attention + layer(1), model_, model_, false);
    made.attention.key = dense(attention + layer(2), model_, model_, false);
    made.attention.value = dense(attention + layer(3), model_, model_, false);
    made.attention.output = dense(attention + layer(4), model_, model_, true);
    const index heads =
        (std::max)(index(1), model_ / 64);  // as in all three sizes that were published
    made.attention.heads = {heads, heads};
    made.attention.rules.causal = false;
    made.attention_norm_of_sum = normed(block(i) + norm(2 * i));
    const index hidden = weights_.file()[feed + layer(5) + "/bias"].size();
    feed_forward<float> mlp;
    mlp.up = dense(feed + layer(5), model_, hidden, true);
    mlp.down = dense(feed + layer(6), hidden, model_, true);
    mlp.activation = activation::gelu_tanh;
    made.feed = std::move(mlp);
    made.feed_norm_of_sum = normed(block(i) + norm(2 * i + 1));
    return made;
  }

  model_weights weights_;
  index model_ = 0;
};

}  // namespace detail

HEED_MODELS_INLINE keyword_model load_keyword_model(const std::filesystem::path& path) {
  return detail::keyword_model_reader(read_safetensors(path)).read();
}

}  // namespace HEED_ABI
}  // namespace heed
