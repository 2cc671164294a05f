// SPDX-License-Identifier: MIT
// The weights of a model as a list of names and numbers, and a model of zeros for its gradient, whose list has the same
// order. An optimiser uses both lists.
//
//   for (const auto& p : heed::parameters_of(gpt)) std::puts(p.name.c_str());  // words.weight, places.weight,
//                                                     // blocks.0.attention_norm.weight, ...
//   heed::decoder<float> gradient = heed::zeros_like(gpt);
#pragma once

#include <heed/layer/backward/linear.hpp>  // read_rows
#include <heed/model/decoder.hpp>          // decoder

#include <string>  // string, to_string
#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

// A name, and a reference to the contiguous numbers of a weight.
template <class Scalar>
struct named_parameter {
  std::string name;
  Scalar* data;
  index rows;
  index cols;
  bool is_vector;  // a bias or the weight of a norm: these are not decayed

  [[nodiscard]] index size() const { return rows * cols; }
};

template <class Scalar>
using parameter_list = std::vector<named_parameter<Scalar>>;

namespace detail {

template <class Scalar>
std::vector<linear<Scalar>*> linear_layers_of(attention_layer<Scalar>& a) {
  return {&a.query, &a.key, &a.value, &a.output};
}
template <class Scalar>
std::vector<linear<Scalar>*> linear_layers_of(feed_forward<Scalar>& feed) {
  return {&feed.up, &feed.gate, &feed.down};
}
template <class Scalar>
std::vector<linear<Scalar>*> linear_layers_of(experts<Scalar>& mixture) {
  std::vector<linear<Scalar>*> all = {&mixture.router};
  for (feed_forward<Scalar>& one : mixture.expert)
    for (linear<Scalar>* const layer : linear_layers_of(one)) all.push_back(layer);
  return all;
}
template <class Scalar>
std::vector<linear<Scalar>*> linear_layers_of(
    std::variant<feed_forward<Scalar>, experts<Scalar>>& feed) {
  return std::visit([](auto& layer) { return linear_layers_of(layer); }, feed);
}

// Whether a layer of the decoder has an adapter; if so, only adapters are trained.
template <class Scalar>
bool has_low_rank(const decoder<Scalar>& d) {
  for (const transformer_block<Scalar>& b : d.blocks)
    for (const linear<Scalar>* const layer :
         {&b.attention.query, &b.attention.key, &b.attention.value, &b.attention.output})
      if (layer->adapter.given()) return true;
  return false;
}

// Lists the weights of a model in a fixed order, without those that are empty.
template <class Scalar>
class parameter_walk {
 public:
  parameter_list<Scalar> found;
  bool adapters_alone = false;

  void decoder(heed::decoder<Scalar>& d) {
    add("words.weight", d.words.weight);
    if (d.places) add("places.weight", d.places->weight);
    linear("embedding_projection", d.embedding_projection);
    norm("embedding_norm", d.embedding_norm);
    for (std::size_t i = 0; i < d.blocks.size(); ++i)
      block("blocks." + std::to_string(i) + ".", d.blocks[i]);
    norm("final_norm", d.final_norm);
    linear("head_projection", d.head_projection);
    linear("head", d.head);
  }

  void block(const std::string& in, transformer_block<Scalar>& b) {
    norm(in + "attention_norm", b.attention_norm);
    attention(in + "attention.", b.attention);
    norm(in + "attention_post_norm", b.attention_post_norm);
    norm(in + "attention_norm_of_sum", b.attention_norm_of_sum);
    norm(in + "feed_norm", b.feed_norm);
    std::visit([&](auto& layer) { feed(in + "feed.", layer); }, b.feed);
    norm(in + "feed_post_norm", b.feed_post_norm);
    norm(in + "feed_norm_of_sum", b.feed_norm_of_sum);
  }

  void feed(const std::string& in, feed_forward<Scalar>& f) {
    linear(in + "up", f.up);
    linear(in + "gate", f.gate);
    linear(in + "down", f.down);
  }
  void feed(const std::string& in, experts<Scalar>& mixture) {
    linear(in + "router", mixture.router);
    for (std::size_t e = 0; e < mixture.expert.size(); ++e)
      feed(in + "expert." + std::to_string(e) + ".", mixture.expert[e]);
  }

  void attention(const std::string& in, attention_layer<Scalar>& a) {
    linear(in + "query", a.query);
    linear(in + "key", a.key);
    linear(in + "value", a.value);
    linear(in + "output", a.output);
    norm(in + "query_norm", a.query_norm);
    norm(in + "key_norm", a.key_norm);
  }

  void linear(const std::string& name, heed::linear<Scalar>& layer) {
    add(name + ".weight", layer.weight);
    add(name + ".bias", layer.bias);
    if (layer.adapter.given()) {
      list(name + ".adapter.down", layer.adapter.down);
      list(name + ".adapter.up", layer.adapter.up);
    }
  }
  void norm(const std::string& name, normalisation<Scalar>& n) {
    if (auto* const by_mean = std::get_if<layer_norm<Scalar>>(&n)) {
      add(name + ".weight", by_mean->weight);
      add(name + ".bias", by_mean->bias);
    }
    if (auto* const by_square = std::get_if<rms_norm<Scalar>>(&n))
      add(name + ".weight", by_square->weight);
  }
  template <class Numbers>
  void add(std::string name, Numbers& numbers) {
    if (adapters_alone) return;
    if constexpr (requires { numbers.stored; })
      require(!numbers.stored.given(), "heed::parameters_of: ", name.c_str(),
              " is stored as a file has it; heed::make_learnable(model) takes it over");
    list(std::move(name), numbers);
  }
  template <class Numbers>
  void list(std::string name, Numbers& numbers) {
    if (numbers.size() > 0)
      found.push_back({std::move(name), numbers.data(), numbers.rows(), numbers.cols(),
                       bool(Numbers::IsVectorAtCompileTime)});
  }
};

template <class Scalar>
void fill_with_zeros(const parameter_list<Scalar>& list) {
  for (const named_parameter<Scalar>& p : list) std::fill(p.data, p.data + p.size(), Scalar(0));
}

// Empties the tables of relative position biases, so that backward does not compute their gradients:
// parameters_of does not list these tables. heed::shared_distance_bias makes the tables again.
template <class Scalar>
void leave_out_distances(std::vector<transformer_block<Scalar>>& blocks) {
  for (transformer_block<Scalar>& b : blocks) b.attention.rules.distance_bias.resize(0, 0);
}

// Replaces numbers that are stored in a file by a matrix: (rows, cols) for a table, otherwise transposed.
template <class Scalar>
void take_over(parameter<Scalar>& weight, bool is_table) {
  if (!weight.stored.given()) return;
  const stored_matrix from = weight.stored;
  matrix<Scalar> rows(from.rows, from.cols);
  read_rows(from, 0, from.rows, rows.data());
  if (is_table)
    weight = std::move(rows);
  else
    weight = matrix<Scalar>(rows.transpose());
}
template <class Scalar>
void take_over(transformer_block<Scalar>& b) {
  for (linear<Scalar>* const l : linear_layers_of(b.attention)) take_over(l->weight, false);
  for (linear<Scalar>* const l : linear_layers_of(b.feed)) take_over(l->weight, false);
}

// Empties all weights but the adapters: backward does not compute gradients whose place is empty.
template <class Scalar>
void leave_adapters(decoder<Scalar>& d) {
  const auto plain = [](linear<Scalar>& layer) {
    layer.weight = matrix<Scalar>();
    layer.bias.resize(0);
  };
  const auto norm = [](normalisation<Scalar>& n) {
    if (auto* const by_mean = std::get_if<layer_norm<Scalar>>(&n)) {
      by_mean->weight.resize(0);
      by_mean->bias.resize(0);
    }
    if (auto* const by_square = std::get_if<rms_norm<Scalar>>(&n)) by_square->weight.resize(0);
  };
  d.words.weight = matrix<Scalar>();
  if (d.places) d.places->weight.resize(0, 0);
  for (linear<Scalar>* const l : {&d.embedding_projection, &d.head_projection, &d.head}) plain(*l);
  for (normalisation<Scalar>* const n : {&d.embedding_norm, &d.final_norm}) norm(*n);
  for (transformer_block<Scalar>& b : d.blocks) {
    for (linear<Scalar>* const l : linear_layers_of(b.attention)) plain(*l);
    for (linear<Scalar>* const l : linear_layers_of(b.feed)) plain(*l);
    for (normalisation<Scalar>* const n :
         {&b.attention_norm, &b.attention.query_norm, &b.attention.key_norm, &b.attention_post_norm,
          &b.attention_norm_of_sum, &b.feed_norm, &b.feed_post_norm, &b.feed_norm_of_sum})
      norm(*n);
  }
}

}  // namespace detail

// The weights of a decoder in the order of the forward, without empty ones; of a decoder with adapters
// (heed::add_low_rank), only the adapters. Refers to the decoder's numbers. Throws shape_error for weights that are
// stored in a mapped file.
template <class Scalar>
[[nodiscard]] parameter_list<Scalar> parameters_of(decoder<Scalar>& d) {
  detail::parameter_walk<Scalar> walk;
  walk.adapters_alone = detail::has_low_rank(d);
  walk.decoder(d);
  return std::move(walk.found);
}

// A decoder of the same sizes with 0 for each weight, to which backward adds gradients. Weights that are not trained
// are empty.
template <class Scalar>
[[nodiscard]] decoder<Scalar> zeros_like(const decoder<Scalar>& d) {
  decoder<Scalar> zeros = d;
  if (detail::has_low_rank(zeros)) detail::leave_adapters(zeros);
  detail::leave_out_distances(zeros.blocks);
  detail::fill_with_zeros(parameters_of(zeros));
  return zeros;
}

// Copies each weight that is stored in a mapped file, of any dtype, to a matrix that can be changed. (The token
// embedding is read as rows, the weights of linear layers are transposed.) A head with the numbers of the token
// embedding and no bias is then tied to it.
template <class Scalar>
void make_learnable(decoder<Scalar>& d) {
  detail::take_over(d.words.weight, true);
  for (linear<Scalar>* const l : {&d.embedding_projection, &d.head_projection, &d.head})
    detail::take_over(l->weight, false);
  for (transformer_block<Scalar>& b : d.blocks) detail::take_over(b);
  const bool tied = d.head.bias.size() == 0 && d.head.inputs() == d.words.model() &&
                    d.head.outputs() == d.words.vocabulary() &&
                    d.head.weight == d.words.weight.transpose();
  if (tied) d.head = {};
}

}  // namespace HEED_ABI
}  // namespace heed
