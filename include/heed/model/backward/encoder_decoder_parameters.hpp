// SPDX-License-Identifier: MIT
// The weights of an encoder-decoder as a list of names and numbers, and a model of zeros for its gradient.
//
//   for (const auto& p : heed::parameters_of(t5)) std::puts(p.name.c_str());  // encoder.words.weight, ...
//   heed::encoder_decoder<float> gradient = heed::zeros_like(t5);
#pragma once

#include <heed/model/backward/encoder_parameters.hpp>  // parameters_of an encoder
#include <heed/model/encoder_decoder.hpp>              // encoder_decoder

namespace heed {
inline namespace HEED_ABI {

// In the order of the forward, encoder first: encoder.words.weight, ..., decoder.words.weight, ...,
// cross_blocks.0.attention.query.weight, ... Refers to the model's numbers. The token embeddings of encoder and decoder
// are two tables, even if a file had one for both. Throws shape_error for weights that are stored in a mapped file.
template <class Scalar>
[[nodiscard]] parameter_list<Scalar> parameters_of(encoder_decoder<Scalar>& model) {
  parameter_list<Scalar> all;
  const auto add = [&](const char* in, parameter_list<Scalar> list) {
    for (named_parameter<Scalar>& p : list) {
      p.name.insert(0, in);
      all.push_back(std::move(p));
    }
  };
  add("encoder.", parameters_of(model.encoder));
  add("decoder.", parameters_of(model.decoder));
  detail::parameter_walk<Scalar> walk;
  for (std::size_t i = 0; i < model.cross_blocks.size(); ++i)
    walk.block(std::to_string(i) + ".", model.cross_blocks[i]);
  add("cross_blocks.", std::move(walk.found));
  return all;
}

// An encoder-decoder of the same sizes with 0 for each of these weights, to which backward adds gradients.
template <class Scalar>
[[nodiscard]] encoder_decoder<Scalar> zeros_like(const encoder_decoder<Scalar>& model) {
  encoder_decoder<Scalar> zeros = model;
  for (auto* const blocks : {&zeros.encoder.blocks, &zeros.decoder.blocks, &zeros.cross_blocks})
    detail::leave_out_distances(*blocks);
  detail::fill_with_zeros(parameters_of(zeros));
  return zeros;
}

// Copies each of these weights that is stored in a mapped file, of any dtype, to a matrix that can be changed.
template <class Scalar>
void make_learnable(encoder_decoder<Scalar>& model) {
  make_learnable(model.encoder);
  make_learnable(model.decoder);
  for (transformer_block<Scalar>& b : model.cross_blocks) detail::take_over(b);
}

}  // namespace HEED_ABI
}  // namespace heed
