// SPDX-License-Identifier: MIT
// Forward and backward of a decoder for training, from token ids to the hidden vectors that are the input of the head.
//
//   heed::saved<heed::decoder<float>> kept;
//   heed::forward(gpt, ids, starts, kept);                     // kept.hidden: (tokens, model)
//   heed::backward(gpt, ids, starts, kept, d_hidden, gradient);  // gradient = heed::zeros_like(gpt); is added to
#pragma once

#include <heed/layer/backward/embedding.hpp>    // backward of embeddings
#include <heed/model/backward/saved_stack.hpp>  // saved_stack
#include <heed/model/decoder.hpp>               // decoder

namespace heed {
inline namespace HEED_ABI {

// The activations that backward needs: (tokens, model) unless noted.
template <class Scalar>
struct saved<decoder<Scalar>> : detail::saved_stack<Scalar> {
  matrix<Scalar> narrow;    // input of embedding_projection, (tokens, columns of words)
  matrix<Scalar> embedded;  // input of embedding_norm
  matrix<Scalar> last;      // input of final_norm
  matrix<Scalar> hidden;    // input of the head
};

namespace detail {

// kept.last = the input of the first block.
template <class Scalar>
void forward_embedding(const decoder<Scalar>& gpt, const std::vector<index>& ids,
                       const std::vector<index>& starts, saved<decoder<Scalar>>& kept,
                       const executor& run) {
  constexpr const char* name = "heed::forward of decoder";
  const auto tokens = static_cast<index>(ids.size());
  check_starts(name, "starts", "ids", number_span<index>(starts), tokens);
  matrix<Scalar>& x = kept.last;
  x.resize(tokens, gpt.model());
  if (gpt.embedding_projection.outputs() > 0) {
    kept.narrow.resize(tokens, gpt.words.model());
    gpt.words(ids, kept.narrow);
    gpt.embedding_projection(kept.narrow, x, on(run));
  } else {
    gpt.words(ids, x);
  }
  if (!exactly_equal(gpt.embedding_scale, 1.0)) x *= static_cast<Scalar>(gpt.embedding_scale);
  for (std::size_t s = 0; s + 1 < starts.size() && gpt.places; ++s)
    gpt.places->add(x.middleRows(starts[s], starts[s + 1] - starts[s]), gpt.first_place);
  forward_in_place(run, gpt.embedding_norm, x, kept.embedded);
}

// d: (tokens, model), the gradient of the first block's input; it is overwritten.
template <class Scalar>
void backward_embedding(const decoder<Scalar>& gpt, const std::vector<index>& ids,
                        const std::vector<index>& starts, saved<decoder<Scalar>>& kept,
                        matrix<Scalar>& d, decoder<Scalar>& gradient, const executor& run) {
  // x = embedding_norm(embedding_scale words(ids) embedding_projection + places)
  backward_in_place(gpt.embedding_norm, kept.embedded, d, gradient.embedding_norm, run);
  if (gpt.places) backward(*gpt.places, starts, gpt.first_place, d, *gradient.places, run);
  if (!exactly_equal(gpt.embedding_scale, 1.0)) d *= static_cast<Scalar>(gpt.embedding_scale);
  if (gpt.embedding_projection.outputs() == 0)
    return backward(gpt.words, ids, d, gradient.words, run);
  matrix<Scalar> d_narrow = matrix<Scalar>::Zero(d.rows(), gpt.words.model());
  backward(gpt.embedding_projection, kept.narrow, d, d_narrow, gradient.embedding_projection, run);
  backward(gpt.words, ids, d_narrow, gradient.words, run);
}

}  // namespace detail

// kept.hidden = gpt.hidden(ids) of each sequence, with the same bits; sequence i is the ids starts[i] ...
// starts[i + 1] - 1, and its first token has position 0. Throws std::out_of_range for an id outside the
// vocabulary or a sequence longer than the learned positions, and shape_error if starts do not fit ids.
template <class Scalar>
void forward(const decoder<Scalar>& gpt, const std::vector<index>& ids,
             const std::vector<index>& starts, saved<decoder<Scalar>>& kept,
             const executor& run = {}) {
  detail::forward_embedding(gpt, ids, starts, kept, run);
  matrix<Scalar>& x = kept.last;
  kept.forward(gpt.blocks, x, starts, run);
  kept.hidden.resizeLike(x);
  detail::normalise_on(run, gpt.final_norm, x, kept.hidden);
}

// d_hidden: (tokens, model), the gradient of kept.hidden; the gradients of the weights are added to `gradient`.
// `kept` is changed if activations are recomputed.
template <class Scalar>
void backward(const decoder<Scalar>& gpt, const std::vector<index>& ids,
              const std::vector<index>& starts, saved<decoder<Scalar>>& kept,
              const matrix<Scalar>& d_hidden, decoder<Scalar>& gradient, const executor& run = {}) {
  // hidden = final_norm(last)
  matrix<Scalar> d = matrix<Scalar>::Zero(d_hidden.rows(), d_hidden.cols());
  backward(gpt.final_norm, kept.last, d_hidden, d, gradient.final_norm, run);
  kept.backward(gpt.blocks, starts, d, gradient.blocks, run);
  detail::backward_embedding(gpt, ids, starts, kept, d, gradient, run);
}

}  // namespace HEED_ABI
}  // namespace heed
