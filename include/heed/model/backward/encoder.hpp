// SPDX-License-Identifier: MIT
// Forward and backward of an encoder for training, from token ids, the pixels of images or the features of sound to
// hidden vectors.
//
//   heed::saved<heed::encoder<float>> kept;
//   heed::forward(bert, texts, kept);                       // kept.hidden: (tokens, model)
//   heed::backward(bert, texts, kept, d_hidden, gradient);  // gradient = heed::zeros_like(bert)
//   heed::forward(vit, images, kept);                       // images: (images * channels * height, width)
//   heed::forward(whisper.encoder, sound, kept);            // sound: (frames, features)
#pragma once

#include <heed/layer/backward/convolution.hpp>      // backward of convolution
#include <heed/layer/backward/embedding.hpp>        // backward of embeddings
#include <heed/layer/backward/patch_embedding.hpp>  // backward of patch_embedding
#include <heed/model/backward/saved_stack.hpp>      // saved_stack
#include <heed/model/encoder.hpp>                   // encoder

#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {

// The activations that backward needs: (tokens, model).
template <class Scalar>
struct saved<encoder<Scalar>> : detail::saved_stack<Scalar> {
  std::vector<saved<convolution<Scalar>>> convolutions;
  std::vector<matrix<Scalar>> convolved;  // output of each convolution
  matrix<Scalar> embedded;                // input of embedding_norm
  matrix<Scalar> last;                    // input of final_norm
  matrix<Scalar> hidden;                  // output of the encoder
};

namespace detail {

// The starts of sequences in `rows` hidden vectors: of each image, or of the features, which are one sequence.
template <class Scalar, class Input>
std::vector<index> starts_of(const encoder<Scalar>& encoder, const Input& input, index rows) {
  if (encoder.reads_features()) return {0, rows};
  return encoder.starts_of_images(encoder.patches.count(input.rows(), input.cols()));
}

// Applies the convolutions to features and adds positions, without embedding_norm.
template <class Scalar, class Features>
void forward_convolutions(const encoder<Scalar>& encoder, const Features& features,
                          saved<heed::encoder<Scalar>>& kept, const executor& run) {
  const std::size_t count = encoder.convolutions.size();
  kept.convolutions.resize(count);
  kept.convolved.resize(count);
  forward(encoder.convolutions[0], features, kept.convolved[0], kept.convolutions[0], run);
  for (std::size_t i = 1; i < count; ++i)
    forward(encoder.convolutions[i], kept.convolved[i - 1], kept.convolved[i], kept.convolutions[i],
            run);
  kept.last = kept.convolved.back();
  if (encoder.places) encoder.places->add(kept.last, encoder.first_place);
}

// d: the gradient of the output of the last convolution.
template <class Scalar, class Features>
void backward_convolutions(const encoder<Scalar>& encoder, const Features& features,
                           const saved<heed::encoder<Scalar>>& kept, matrix<Scalar> d,
                           heed::encoder<Scalar>& gradient, const executor& run) {
  for (std::size_t i = encoder.convolutions.size() - 1; i > 0; --i) {
    const matrix<Scalar>& x = kept.convolved[i - 1];
    matrix<Scalar> d_x = matrix<Scalar>::Zero(x.rows(), x.cols());
    backward(encoder.convolutions[i], x, kept.convolutions[i], d, d_x, gradient.convolutions[i],
             run);
    d = std::move(d_x);
  }
  backward(encoder.convolutions[0], features, kept.convolutions[0], d, gradient.convolutions[0],
           run);
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

// Returns the gradient of the sum of embeddings.
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

// kept.hidden = encoder.hidden(sequences), with the same bits and errors.
template <class Scalar>
void forward(const encoder<Scalar>& encoder, const token_sequences& sequences,
             saved<heed::encoder<Scalar>>& kept, const executor& run = {}) {
  kept.last = encoder.embed_plainly(sequences);
  detail::forward_blocks(encoder, sequences.starts, kept, run);
}

// d_hidden: (tokens, model), the gradient of kept.hidden; the gradients of the weights are added to `gradient`. The
// sequences are those of the forward. Pooler and head are not used.
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

// kept.hidden = encoder.hidden_of_images(input), or encoder.hidden_of_features(input) where the encoder has
// convolutions, with the same bits and errors.
template <class Scalar, class Input>
requires detail::eigen_object<Input>
void forward(const encoder<Scalar>& encoder, const Input& input, saved<heed::encoder<Scalar>>& kept,
             const executor& run = {}) {
  if (encoder.reads_features())
    detail::forward_convolutions(encoder, input, kept, run);
  else
    kept.last = encoder.embed_images(input);
  const std::vector<index> starts = detail::starts_of(encoder, input, kept.last.rows());
  detail::forward_blocks(encoder, starts, kept, run);
}

// d_hidden: (images * tokens, model), or a row for each result of the last convolution. The input is that of the
// forward, and has no gradient.
template <class Scalar, class Input>
requires detail::eigen_object<Input>
void backward(const encoder<Scalar>& encoder, const Input& input,
              saved<heed::encoder<Scalar>>& kept, const matrix<Scalar>& d_hidden,
              heed::encoder<Scalar>& gradient, const executor& run = {}) {
  const std::vector<index> starts = detail::starts_of(encoder, input, kept.last.rows());
  matrix<Scalar> d = detail::backward_blocks(encoder, starts, kept, d_hidden, gradient, run);
  // sum = patches(images) + places, or convolutions(features) + places
  if (encoder.places)
    backward(*encoder.places, starts, encoder.first_place, d, *gradient.places, run);
  if (encoder.reads_features())
    detail::backward_convolutions(encoder, input, kept, std::move(d), gradient, run);
  else
    backward(encoder.patches, input, d, gradient.patches, run);
}

}  // namespace HEED_ABI
}  // namespace heed
