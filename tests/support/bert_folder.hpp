// SPDX-License-Identifier: MIT
// A folder of Hugging Face with a small BERT whose weights are those of an encoder made from nothing.
//
//   support::write_bert(folder, encoder);  // config.json, model.safetensors
#pragma once

#include <heed/io/safetensors_writer.hpp>
#include <heed/model/encoder.hpp>

#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace support {

// Tensors by name; keeps the numbers.
class named_tensors {
 public:
  void add(const std::string& name, const heed::linear<float>& layer) {
    const auto& [weight, bias] = kept_.emplace_back(layer.weight.transpose(), layer.bias);
    views.push_back(heed::tensor_view_of(name + ".weight", weight));
    views.push_back(heed::tensor_view_of(name + ".bias", bias));
  }
  void add(const std::string& name, const heed::normalisation<float>& norm) {
    const auto& n = std::get<heed::layer_norm<float>>(norm);
    views.push_back(heed::tensor_view_of(name + ".weight", n.weight));
    views.push_back(heed::tensor_view_of(name + ".bias", n.bias));
  }
  void add(const std::string& name, const heed::matrix<float>& table) {
    views.push_back(heed::tensor_view_of(name + ".weight", table));
  }

  std::vector<heed::tensor_view> views;

 private:
  std::deque<std::pair<heed::matrix<float>, Eigen::RowVectorXf>> kept_;
};

inline void write_bert(const std::filesystem::path& folder, const heed::encoder<float>& encoder) {
  named_tensors tensors;
  tensors.add("embeddings.word_embeddings", encoder.words.weight);
  tensors.add("embeddings.token_type_embeddings", encoder.types.weight);
  tensors.add("embeddings.position_embeddings", encoder.places->weight);
  tensors.add("embeddings.LayerNorm", encoder.embedding_norm);
  for (std::size_t i = 0; i < encoder.blocks.size(); ++i) {
    const auto& block = encoder.blocks[i];
    const auto& feed = std::get<heed::feed_forward<float>>(block.feed);
    const std::string name = "encoder.layer." + std::to_string(i) + ".";
    tensors.add(name + "attention.self.query", block.attention.query);
    tensors.add(name + "attention.self.key", block.attention.key);
    tensors.add(name + "attention.self.value", block.attention.value);
    tensors.add(name + "attention.output.dense", block.attention.output);
    tensors.add(name + "attention.output.LayerNorm", block.attention_norm_of_sum);
    tensors.add(name + "intermediate.dense", feed.up);
    tensors.add(name + "output.dense", feed.down);
    tensors.add(name + "output.LayerNorm", block.feed_norm_of_sum);
  }
  heed::write_safetensors(folder / "model.safetensors", tensors.views);
  const auto& block = encoder.blocks.front();
  std::ofstream(folder / "config.json")
      << "{\"model_type\": \"bert\", \"hidden_size\": " << encoder.words.model()
      << ", \"num_attention_heads\": " << block.attention.heads.query
      << ", \"num_hidden_layers\": " << encoder.blocks.size()
      << ", \"vocab_size\": " << encoder.words.vocabulary()
      << ", \"type_vocab_size\": " << encoder.types.vocabulary()
      << ", \"max_position_embeddings\": " << encoder.places->weight.rows()
      << ", \"layer_norm_eps\": 1e-5, \"intermediate_size\": "
      << std::get<heed::feed_forward<float>>(block.feed).up.outputs() << "}";
}

}  // namespace support
