// SPDX-License-Identifier: MIT
// An encoder of tokens, with what its backward needs, and its gradients: from token ids to a vector for each of
// them, and back.
//
//   heed::saved<heed::encoder<float>> kept;
//   heed::forward(bert, texts, kept);                       // kept.hidden: (tokens, model)
//   heed::backward(bert, texts, kept, d_hidden, gradient);  // gradient = heed::zeros_like(bert)
#pragma once

#include <heed/layer/backward/embedding.hpp>    // backward of embeddings
#include <heed/model/backward/saved_stack.hpp>  // saved_stack
#include <heed/model/encoder.hpp>               // encoder

namespace heed {
inline namespace HEED_ABI {

// Matrices are (tokens, model).
template <class Scalar>
struct saved<encoder<Scalar>> : detail::saved_stack<Scalar> {
  matrix<Scalar> embedded;  // what embedding_norm was given
  matrix<Scalar> last;      // what final_norm was given
  matrix<Scalar> hidden;    // what the encoder gives
};

// kept.hidden = encoder.hidden(sequences), with the same bits. Throws what that throws.
template <class Scalar>
void forward(const encoder<Scalar>& encoder, const token_sequences& sequences,
             saved<heed::encoder<Scalar>>& kept, const executor& run = {}) {
  kept.last = encoder.embed_plainly(sequences);
  detail::forward_in_place(run, encoder.embedding_norm, kept.last, kept.embedded);
  kept.forward(encoder.blocks, kept.last, sequences.starts, run);
  kept.hidden.resizeLike(kept.last);
  detail::normalise_on(run, encoder.final_norm, kept.last, kept.hidden);
}

// d_hidden: (tokens, model). The sequences are those of the forward. Pooler and head have no part in it.
template <class Scalar>
void backward(const encoder<Scalar>& encoder, const token_sequences& sequences,
              saved<heed::encoder<Scalar>>& kept, const matrix<Scalar>& d_hidden,
              heed::encoder<Scalar>& gradient, const executor& run = {}) {
  // hidden = final_norm(last)
  matrix<Scalar> d = matrix<Scalar>::Zero(d_hidden.rows(), d_hidden.cols());
  backward(encoder.final_norm, kept.last, d_hidden, d, gradient.final_norm, run);
  kept.backward(encoder.blocks, sequences.starts, d, gradient.blocks, run);
  // x = embedding_norm(embedding_scale words(ids) + types(types) + places)
  detail::backward_in_place(encoder.embedding_norm, kept.embedded, d, gradient.embedding_norm, run);
  if (encoder.places)
    backward(*encoder.places, encoder.rows_of_places(sequences), d, *gradient.places, run);
  if (encoder.types.vocabulary() > 0)
    backward(encoder.types, encoder.types_of(sequences), d, gradient.types, run);
  if (!detail::exactly_equal(encoder.embedding_scale, 1.0))
    d *= static_cast<Scalar>(encoder.embedding_scale);
  backward(encoder.words, sequences.ids, d, gradient.words, run);
}

}  // namespace HEED_ABI
}  // namespace heed
