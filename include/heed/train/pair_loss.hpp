// SPDX-License-Identifier: MIT
// Softmax cross-entropy of the next target token for an encoder-decoder (translation, for example), and its
// gradients.
//
//   heed::token_sequences sources;
//   heed::token_batch targets;
//   sources.append(german);
//   targets.append(english);  // its first id is model.start_id, which is no target
//   const heed::loss_sum l = heed::loss_and_gradient(model, sources, targets, 1.0 / tokens, kept, gradient);
#pragma once

#include <heed/model/backward/encoder_decoder.hpp>             // backward of encoder_decoder
#include <heed/model/backward/encoder_decoder_parameters.hpp>  // zeros_like
#include <heed/train/loss.hpp>                                 // token_batch, loss_sum

namespace heed {
inline namespace HEED_ABI {

// The loss alone, without gradients, for held-out pairs. `kept` is memory that calls reuse. Throws as
// loss_and_gradient.
template <class Scalar, class Sources>
loss_sum loss_of(const encoder_decoder<Scalar>& model, const Sources& sources,
                 const token_batch& targets, saved<encoder_decoder<Scalar>>& kept,
                 const executor& run = {}) {
  forward(model, sources, targets.ids, targets.starts, kept, run);
  return detail::head_loss<Scalar>(model.decoder, kept.target.hidden, targets.targets, 0, nullptr,
                                   nullptr, run);
}

// Sequence i of the targets belongs to sequence i of the sources. Sources are token_sequences, or an Eigen matrix of
// images or of features, which is one source. Returns the loss, adds `weight` times the derivatives of the sum to
// `gradient`, and throws, as loss_and_gradient of a decoder does.
template <class Scalar, class Sources>
loss_sum loss_and_gradient(const encoder_decoder<Scalar>& model, const Sources& sources,
                           const token_batch& targets, double weight,
                           saved<encoder_decoder<Scalar>>& kept, encoder_decoder<Scalar>& gradient,
                           const executor& run = {}) {
  forward(model, sources, targets.ids, targets.starts, kept, run);
  matrix<Scalar> d_hidden;
  const loss_sum loss = detail::head_loss(model.decoder, kept.target.hidden, targets.targets,
                                          weight, &d_hidden, &gradient.decoder, run);
  backward(model, sources, targets.ids, targets.starts, kept, d_hidden, gradient, run);
  return loss;
}

}  // namespace HEED_ABI
}  // namespace heed
