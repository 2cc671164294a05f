// SPDX-License-Identifier: MIT
// An encoder of tokens or of images, with what its backward needs, and its gradients: from token ids or pixels to
// a vector for each token, and back.
//
//   heed::saved<heed::encoder<float>> kept;
//   heed::forward(bert, texts, kept);                       // kept.hidden: (tokens, model)
//   heed::backward(bert, texts, kept, d_hidden, gradient);  // gradient = heed::zeros_like(bert)
//   heed::forward(vit, images, kept);                       // images: (images * channels * height, width)
#pragma once

#include <heed/layer/backward/embedding.hpp>        // backward of embeddings
#include <heed/layer/backward/patch_embedding.hpp>  // backward of patch_embedding
#include <heed/model/backward/saved_stack.hpp>      // saved_stack
#include <heed/model/encoder.hpp>                   // encoder

namespace heed {
inline namespace HEED_ABI {

// Matrices are (tokens, model).
template <class Scalar>
struct saved<encoder<Scalar>> : detail::saved_stack<Scalar> {
  matrix<Scalar> embedded;  // what embedding_norm was given
  matrix<Scalar> last;      // what final_norm was given
  matrix<Scalar> hidden;    // what the encoder gives
};

namespace detail {

template <class Scalar, class Images>
std::vector<index> starts_of(const encoder<Scalar>& encoder, const Images& images) {
  return encoder.starts_of_images(encoder.patches.count(images.rows(), images.cols()));
}

// From kept.last, the sum of embeddings, to kept.hidden.
template <class Scalar>
void forward_blocks(const encoder<Scalar>& encoder, const std::vector<index>& starts,
                    saved<heed::encoder<Scalar>>& kept, const executor& run) {
  forward_in_place(run, encoder.embedding_norm, kept.last, kept.embedded);
  kept.forward(encoder.blocks, kept.last, starts, run);
  kept.hidden.resizeLike(kept.last);
  normalise_on(run, encoder.final_norm, kept.last, kept.hidden);
}

// The gradient of the sum of embeddings.
template <class Scalar>
matrix<Scalar> backward_blocks(const encoder<Scalar>& encoder, const std::vector<index>& starts,
                               saved<heed::encoder<Scalar>>& kept, const matrix<Scalar>& d_hidden,
                               heed::encoder<Scalar>& gradient, const executor& run) {
  // hidden = final_norm(last)
  matrix<Scalar> d = matrix<Scalar>::Zero(d_hidden.rows(), d_hidden.cols());
  backward(encoder.final_norm, kept.last, d_hidden, d, gradient.final_norm, run);
  kept.backward(encoder.blocks, starts, d, gradient.blocks, run);
  // x = embedding_norm(sum)
  backward_in_place(encoder.embedding_norm, kept.embedded, d, gradient.embedding_norm, run);
  return d;
}

}  // namespace detail

// kept.hidden = encoder.hidden(sequences), with the same bits. Throws what that throws.
template <class Scalar>
void forward(const encoder<Scalar>& encoder, const token_sequences& sequences,
             saved<heed::encoder<Scalar>>& kept, const executor& run = {}) {
  kept.last = encoder.embed_plainly(sequences);
  detail::forward_blocks(encoder, sequences.starts, kept, run);
}

// d_hidden: (tokens, model). The sequences are those of the forward. Pooler and head have no part in it.
template <class Scalar>
void backward(const encoder<Scalar>& encoder, const token_sequences& sequences,
              saved<heed::encoder<Scalar>>& kept, const matrix<Scalar>& d_hidden,
              heed::encoder<Scalar>& gradient, const executor& run = {}) {
  matrix<Scalar> d =
      detail::backward_blocks(encoder, sequences.starts, kept, d_hidden, gradient, run);
  // sum = embedding_scale words(ids) + types(types) + places
  if (encoder.places)
    backward(*encoder.places, encoder.rows_of_places(sequences), d, *gradient.places, run);
  if (encoder.types.vocabulary() > 0)
    backward(encoder.types, encoder.types_of(sequences), d, gradient.types, run);
  if (!detail::exactly_equal(encoder.embedding_scale, 1.0))
    d *= static_cast<Scalar>(encoder.embedding_scale);
  backward(encoder.words, sequences.ids, d, gradient.words, run);
}

// kept.hidden = encoder.hidden_of_images(images), with the same bits. Throws what that throws.
template <class Scalar, class Images>
requires detail::eigen_object<Images>
void forward(const encoder<Scalar>& encoder, const Images& images,
             saved<heed::encoder<Scalar>>& kept, const executor& run = {}) {
  kept.last = encoder.embed_images(images);
  detail::forward_blocks(encoder, detail::starts_of(encoder, images), kept, run);
}

// d_hidden: (images * tokens, model). The images are those of the forward; pixels have no gradient.
template <class Scalar, class Images>
requires detail::eigen_object<Images>
void backward(const encoder<Scalar>& encoder, const Images& images,
              saved<heed::encoder<Scalar>>& kept, const matrix<Scalar>& d_hidden,
              heed::encoder<Scalar>& gradient, const executor& run = {}) {
  const std::vector<index> starts = detail::starts_of(encoder, images);
  const matrix<Scalar> d = detail::backward_blocks(encoder, starts, kept, d_hidden, gradient, run);
  // sum = patches(images) + places
  if (encoder.places)
    backward(*encoder.places, starts, encoder.first_place, d, *gradient.places, run);
  backward(encoder.patches, images, d, gradient.patches, run);
}

}  // namespace HEED_ABI
}  // namespace heed
