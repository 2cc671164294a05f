// SPDX-License-Identifier: MIT
// A family of encoders, as a loader uses it, and the parts that most of these families share.
#pragma once

#include <heed/io/hugging_face/config_fields.hpp>   // refuse_unread
#include <heed/io/hugging_face/decoder_family.hpp>  // read_activation, numbered, model_weights
#include <heed/io/json_config.hpp>                  // read_json_config
#include <heed/io/read_tensor_file.hpp>             // read_tensor_file
#include <heed/model/encoder.hpp>                   // encoder

#include <initializer_list>  // initializer_list

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct encoder_family {
  const char* model_type;  // config.json's
  encoder<float> (*load)(const config&, model_weights&);
};

// Names of an attention layer's four parts.
struct encoder_attention_names {
  const char* query;
  const char* key;
  const char* value;
  const char* output;
};

// Sizes and options of a block of an encoder; width: columns of a head.
struct encoder_block_facts {
  index model;
  index heads;
  index width;
  index hidden;
  double epsilon;
  heed::activation activation;
  bool bias = true;
};

// Columns of a head where they are model / heads; refuses heads that do not divide the model.
inline index head_width(const config& c, const char* field, index model, index heads) {
  if (model % heads != 0) c.refuse(field, "a divisor of " + std::to_string(model));
  return model / heads;
}

// Refuses a config in which the field is there and is not `served`.
inline void serve_only(const config& c, const char* field, const char* served) {
  if (c.text(field, served) != served) c.refuse(field, '"' + std::string(served) + '"');
}
inline void serve_only(const config& c, const char* field, bool served) {
  if (c.flag(field, served) != served) c.refuse(field, served ? "true" : "false");
}

// Marks fields as read that change no result: options of heads that the file may not have, settings of
// pre-training, and fields that Hugging Face's code does not read either.
inline void ignore_fields(const config& c, std::initializer_list<const char*> names) {
  for (const char* const name : names) (void)c.find(name);
}

// Reads a config.json. Refuses a config with quantization_config.
inline config read_model_config(const std::filesystem::path& path) {
  config c = read_json_config(path);
  if (c.contains("quantization_config"))
    c.refuse("quantization_config", "none: weights that are quantised are not read");
  return c;
}

// Calls the function, which makes a model of the config and the weights, and refuses tensors and
// options that the function has not read.
template <class Load>
auto load_wholly(const config& c, const std::filesystem::path& folder, const Load& load) {
  model_weights weights(read_tensor_file(folder));
  auto loaded = load(c, weights);
  weights.refuse_unknown();
  refuse_unread(c);
  return loaded;
}

// The first of the prefixes with which the tensor is there; the first of all if none is.
inline std::string find_prefix(const model_weights& weights, const std::string& tensor,
                               std::initializer_list<const char*> prefixes) {
  for (const char* const prefix : prefixes)
    if (weights.contains(prefix + tensor)) return prefix;
  return *prefixes.begin();
}

// Whether a name in config.json's `architectures` ends with `ending`.
inline bool is_architecture(const config& c, std::string_view ending) {
  for (const std::string& name : c.texts("architectures"))
    if (std::string_view(name).ends_with(ending)) return true;
  return false;
}

// The numbers of a tensor of any shape as a matrix of floats, (rows, cols), in the order of the file.
inline matrix<float> reshaped(model_weights& weights, const std::string& name,
                              const std::vector<index>& shape, index rows, index cols) {
  matrix<float> numbers(rows, cols);
  to_float(weights.tensor(name, shape), numbers.data());
  return numbers;
}

inline attention_layer<float> load_encoder_attention(model_weights& weights,
                                                     const std::string& prefix,
                                                     const encoder_attention_names& names,
                                                     const encoder_block_facts& f) {
  attention_layer<float> layer;
  layer.heads = {f.heads, f.heads};
  layer.rules.causal = false;
  const auto part = [&](const char* name) {
    return weights.linear(prefix + name, f.model, f.heads * f.width, f.bias);
  };
  layer.query = part(names.query);
  layer.key = part(names.key);
  layer.value = part(names.value);
  layer.output = weights.linear(prefix + names.output, f.heads * f.width, f.model, f.bias);
  return layer;
}

// An attention layer from one tensor whose rows are those of queries, then of keys, then of values.
inline attention_layer<float> load_fused_attention(model_weights& weights, const std::string& all,
                                                   const std::string& output,
                                                   const encoder_block_facts& f) {
  attention_layer<float> layer;
  layer.heads = {f.heads, f.heads};
  layer.rules.causal = false;
  const index columns = f.heads * f.width;
  index first = 0;
  for (linear<float>* const part : {&layer.query, &layer.key, &layer.value}) {
    part->weight = weights.part_of(all + ".weight", 3 * columns, f.model, first, columns);
    if (f.bias) part->bias = weights.vector(all + ".bias", 3 * columns).segment(first, columns);
    first += columns;
  }
  layer.output = weights.linear(output, columns, f.model, f.bias);
  return layer;
}

inline feed_forward<float> load_encoder_feed(model_weights& weights, const std::string& up,
                                             const std::string& down,
                                             const encoder_block_facts& f) {
  feed_forward<float> feed;
  feed.activation = f.activation;
  feed.up = weights.linear(up, f.model, f.hidden, f.bias);
  feed.down = weights.linear(down, f.hidden, f.model, f.bias);
  return feed;
}

inline void load_places(encoder<float>& encoder, model_weights& weights, const std::string& name,
                        index positions, index model) {
  encoder.places.emplace(position_embedding<float>::sizes{positions, model});
  encoder.places->weight = weights.floats(name, positions, model);
}

// The linear layer of a classification head: as many outputs (classes) as `name.weight` has rows.
inline linear<float> load_classes(model_weights& weights, const std::string& name, index model,
                                  bool bias = true) {
  const tensor_view& t = weights.file()[name + ".weight"];
  return weights.linear(name, model, t.rows(), bias);
}

// The linear layer of a masked-language-model head: the table of the token embedding if they are tied,
// otherwise `own`; its bias is `own.bias`, or else the tensor `bias`.
inline linear<float> load_word_scores(const config& c, model_weights& weights,
                                      const std::string& words, const std::string& own,
                                      const std::string& bias, index vocabulary, index model) {
  const bool tied = c.flag("tie_word_embeddings", true);
  const bool own_bias = !tied && weights.contains(own + ".bias");
  for (const std::string& unused : {own + ".weight", own + ".bias", bias})
    weights.leave_out(unused);
  linear<float> output;
  output.weight = weights.weight(tied ? words : own + ".weight", model, vocabulary);
  output.bias = weights.vector(own_bias ? own + ".bias" : bias, vocabulary);
  return output;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
