// SPDX-License-Identifier: MIT
// Softmax cross-entropy of the next token for a decoder, and its gradients.
//
//   heed::saved<heed::decoder<float>> kept;
//   const heed::loss_sum l = heed::loss_and_gradient(gpt, batch, 1.0 / tokens, kept, gradient);
//   l.mean();  // 5.55 = log(256) for a byte-level model that gives all bytes the same probability
#pragma once

#include <heed/model/backward/decoder.hpp>     // backward of decoder
#include <heed/model/backward/parameters.hpp>  // zeros_like
#include <heed/train/vocabulary_loss.hpp>      // vocabulary_loss

namespace heed {
inline namespace HEED_ABI {

// Sequence i is the ids starts[i] ... starts[i + 1] - 1; targets[t] is the token that should follow
// ids[t], and negative if ids[t] has no target.
struct token_batch {
  std::vector<index> ids;
  std::vector<index> starts = {0};
  std::vector<index> targets;

  // Appends a sequence in which each token but the first is the target of the token before.
  void append(const std::vector<index>& text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      ids.push_back(text[i]);
      targets.push_back(text[i + 1]);
    }
    starts.push_back(static_cast<index>(ids.size()));
  }
};

struct loss_sum {
  double sum = 0;    // of -log(probability of the target), natural logarithm
  index tokens = 0;  // tokens with a target

  [[nodiscard]] double mean() const { return tokens > 0 ? sum / static_cast<double>(tokens) : 0; }
  loss_sum& operator+=(const loss_sum& other) {
    sum += other.sum;
    tokens += other.tokens;
    return *this;
  }
};

namespace detail {

template <class Scalar>
vocabulary_head<Scalar> head_of(const decoder<Scalar>& gpt, decoder<Scalar>* gradient) {
  const bool tied = gpt.head.outputs() == 0;
  const stored_matrix& stored = tied ? gpt.words.weight.stored : gpt.head.weight.stored;
  vocabulary_head<Scalar> head{
      stored.given() ? view<const Scalar>{nullptr, stored.cols, stored.rows, 0, 0}
      : tied         ? view<const Scalar>(view_of(gpt.words.weight)).transposed()
                     : view<const Scalar>(view_of(gpt.head.weight)),
      gpt.head.bias.size() > 0 ? view<const Scalar>(view_of(gpt.head.bias)) : view<const Scalar>{},
      gpt.logit_scale, gpt.logit_cap};
  if (stored.given()) head.stored = &stored;
  if (gradient == nullptr) return head;
  auto& weight = tied ? gradient->words.weight : gradient->head.weight;
  if (weight.size() > 0) head.d_weight = tied ? view_of(weight).transposed() : view_of(weight);
  if (gradient->head.bias.size() > 0) head.d_bias = gradient->head.bias.data();
  return head;
}

// The loss of hidden vectors, (tokens, model). Unless d_hidden is null, writes the derivatives with
// respect to the hidden vectors to d_hidden, and adds those of the head's weights to `gradient`.
template <class Scalar>
loss_sum head_loss(const decoder<Scalar>& gpt, const matrix<Scalar>& hidden,
                   const std::vector<index>& targets, double weight, matrix<Scalar>* d_hidden,
                   decoder<Scalar>* gradient, const executor& run) {
  constexpr const char* name = "heed::loss";
  require(static_cast<index>(targets.size()) == hidden.rows(), name, ": there are ", targets.size(),
          " targets for ", hidden.rows(), " tokens");
  loss_sum loss;
  for (const index target : targets) {
    require<std::out_of_range>(target < gpt.vocabulary(), name, ": target ", target,
                               " is outside the vocabulary of ", gpt.vocabulary());
    loss.tokens += target >= 0 ? 1 : 0;
  }
  const bool projected = gpt.head_projection.outputs() > 0;
  const matrix<Scalar> x = projected ? gpt.head_projection(hidden, on(run)) : matrix<Scalar>();
  const matrix<Scalar>& input = projected ? x : hidden;
  matrix<Scalar> d_x;
  if (d_hidden != nullptr) {
    d_hidden->setZero(hidden.rows(), hidden.cols());
    if (projected) d_x.setZero(x.rows(), x.cols());
  }
  matrix<Scalar>* const d_input = projected ? &d_x : d_hidden;
  loss.sum = vocabulary_loss<Scalar>(head_of(gpt, gradient), run)(
      view_of(input), targets.data(), weight,
      d_hidden == nullptr ? view<Scalar>{} : view_of(*d_input));
  // x = head_projection(hidden)
  if (projected && d_hidden != nullptr)
    backward(gpt.head_projection, hidden, d_x, *d_hidden, gradient->head_projection, run);
  return loss;
}

}  // namespace detail

// The loss alone, without gradients, for held-out texts. `kept` is memory that calls reuse. Throws as
// loss_and_gradient.
template <class Scalar>
loss_sum loss_of(const decoder<Scalar>& gpt, const token_batch& batch, saved<decoder<Scalar>>& kept,
                 const executor& run = {}) {
  forward(gpt, batch.ids, batch.starts, kept, run);
  return detail::head_loss<Scalar>(gpt, kept.hidden, batch.targets, 0, nullptr, nullptr, run);
}

// Returns the loss, and adds `weight` times the derivatives of the sum to `gradient`: a weight of 1 / tokens gives
// the derivatives of the mean, and several calls before a step of the optimiser accumulate gradients. `kept` is
// memory that calls reuse. The same bits on any number of threads. Throws std::out_of_range for an id or a target
// outside the vocabulary and for a sequence that is too long, and shape_error if sizes do not fit.
template <class Scalar>
loss_sum loss_and_gradient(const decoder<Scalar>& gpt, const token_batch& batch, double weight,
                           saved<decoder<Scalar>>& kept, decoder<Scalar>& gradient,
                           const executor& run = {}) {
  forward(gpt, batch.ids, batch.starts, kept, run);
  matrix<Scalar> d_hidden;
  const loss_sum loss =
      detail::head_loss(gpt, kept.hidden, batch.targets, weight, &d_hidden, &gradient, run);
  backward(gpt, batch.ids, batch.starts, kept, d_hidden, gradient, run);
  return loss;
}

}  // namespace HEED_ABI
}  // namespace heed
