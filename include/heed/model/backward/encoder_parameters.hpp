// SPDX-License-Identifier: MIT
// The weights of an encoder, and of a sentence head, as lists of names and numbers.
//
//   for (const auto& p : heed::parameters_of(bert)) std::puts(p.name.c_str());  // words.weight, types.weight,
//                                                     // places.weight, embedding_norm.weight, ...
//   heed::encoder<float> gradient = heed::zeros_like(bert);
#pragma once

#include <heed/model/backward/parameters.hpp>  // parameter_walk
#include <heed/model/encoder.hpp>              // encoder
#include <heed/model/sentence_head.hpp>        // sentence_head

namespace heed {
inline namespace HEED_ABI {

// The weights whose gradients heed::backward of an encoder computes, thus without pooler and head, in the order of the
// forward. Refers to the encoder's numbers. Throws shape_error for weights that are stored in a mapped file.
template <class Scalar>
[[nodiscard]] parameter_list<Scalar> parameters_of(encoder<Scalar>& e) {
  detail::parameter_walk<Scalar> walk;
  walk.add("words.weight", e.words.weight);
  walk.add("types.weight", e.types.weight);
  walk.linear("patches.projection", e.patches.projection);
  walk.add("patches.class_token", e.patches.class_token);
  for (std::size_t i = 0; i < e.convolutions.size(); ++i)
    walk.linear("convolutions." + std::to_string(i), e.convolutions[i].weights);
  if (e.places) walk.add("places.weight", e.places->weight);
  walk.norm("embedding_norm", e.embedding_norm);
  for (std::size_t i = 0; i < e.blocks.size(); ++i)
    walk.block("blocks." + std::to_string(i) + ".", e.blocks[i]);
  walk.norm("final_norm", e.final_norm);
  return std::move(walk.found);
}

// The weights of the linear layers of a sentence head: steps.0.weight, steps.0.bias, ...
template <class Scalar>
[[nodiscard]] parameter_list<Scalar> parameters_of(sentence_head<Scalar>& head) {
  detail::parameter_walk<Scalar> walk;
  for (std::size_t i = 0; i < head.steps.size(); ++i)
    if (auto* const dense = std::get_if<dense_step<Scalar>>(&head.steps[i]))
      walk.linear("steps." + std::to_string(i), dense->layer);
  return std::move(walk.found);
}

// An encoder of the same sizes with 0 for each of these weights, to which backward adds gradients.
template <class Scalar>
[[nodiscard]] encoder<Scalar> zeros_like(const encoder<Scalar>& e) {
  encoder<Scalar> zeros = e;
  detail::leave_out_distances(zeros.blocks);
  detail::fill_with_zeros(parameters_of(zeros));
  return zeros;
}
template <class Scalar>
[[nodiscard]] sentence_head<Scalar> zeros_like(const sentence_head<Scalar>& head) {
  sentence_head<Scalar> zeros = head;
  detail::fill_with_zeros(parameters_of(zeros));
  return zeros;
}

// Copies each of these weights that is stored in a mapped file, of any dtype, to a matrix that can be changed.
template <class Scalar>
void make_learnable(encoder<Scalar>& e) {
  detail::take_over(e.words.weight, true);
  detail::take_over(e.types.weight, true);
  detail::take_over(e.patches.projection.weight, false);
  for (convolution<Scalar>& layer : e.convolutions) detail::take_over(layer.weights.weight, false);
  for (transformer_block<Scalar>& b : e.blocks) detail::take_over(b);
}
template <class Scalar>
void make_learnable(sentence_head<Scalar>& head) {
  for (auto& step : head.steps)
    if (auto* const dense = std::get_if<dense_step<Scalar>>(&step))
      detail::take_over(dense->layer.weight, false);
}

}  // namespace HEED_ABI
}  // namespace heed
