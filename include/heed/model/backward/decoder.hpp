// SPDX-License-Identifier: MIT
// A decoder, with what its backward needs, and its gradients: from token ids to the vectors that the head turns
// into scores, and back.
//
//   heed::saved<heed::decoder<float>> kept;
//   heed::forward(gpt, ids, starts, kept);                     // kept.hidden: (tokens, model)
//   heed::backward(gpt, ids, starts, kept, d_hidden, gradient);
#pragma once

#include <heed/layer/backward/embedding.hpp>    // backward of embeddings
#include <heed/model/backward/saved_stack.hpp>  // saved_stack
#include <heed/model/decoder.hpp>               // decoder

namespace heed {
inline namespace HEED_ABI {

// Matrices are (tokens, model) unless they say otherwise.
template <class Scalar>
struct saved<decoder<Scalar>> : detail::saved_stack<Scalar> {
  matrix<Scalar> narrow;    // what embedding_projection was given, (tokens, columns of words)
  matrix<Scalar> embedded;  // what embedding_norm was given
  matrix<Scalar> last;      // what final_norm was given
  matrix<Scalar> hidden;    // what the head is given
};

namespace detail {

// kept.last = what the first block is given.
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

// d: (tokens, model), the gradient of what the first block was given, which is changed.
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

// kept.hidden = what gpt.hidden(ids) gives for each sequence, with the same bits; sequence i is the ids starts[i]
// ... starts[i + 1] - 1, and its first token stands at position 0. Throws std::out_of_range for an id outside
// the vocabulary or a sequence longer than the learned positions.
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

// d_hidden: (tokens, model), the gradient of kept.hidden; what comes of it is added to `gradient`. Where the
// activations are recomputed, `kept` is where that happens.
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
