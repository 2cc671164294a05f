// SPDX-License-Identifier: MIT
// The mixture of experts, with what its backward needs, and its gradients: those of the experts that a token chose
// and, through their weights, of the router.
//
//   heed::saved<heed::experts<float>> kept;
//   heed::forward(mixture, x, y, kept);
//   heed::backward(mixture, x, kept, d_y, d_x, gradient);
#pragma once

#include <heed/layer/backward/feed_forward.hpp>  // backward of feed_forward
#include <heed/layer/experts.hpp>                // experts

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct saved<experts<Scalar>> {
  matrix<Scalar> scores;   // of the router, (tokens, experts)
  matrix<Scalar> weights;  // 0 where an expert is not chosen, (tokens, experts)
  // Of each expert, with a row for each token that chose it, in their order.
  std::vector<matrix<Scalar>> outputs;
  std::vector<saved<feed_forward<Scalar>>> expert;
};

namespace detail {

// Those private steps of the layer that its gradients need.
struct experts_gradient {
  template <class Scalar, class X, class Y>
  static void check(const experts<Scalar>& layer, const X& x, Y&& y) {
    layer.check(view_of(x), view_of(y));
  }

  // Scores become weights.
  template <class Scalar>
  static void choose(const experts<Scalar>& layer, matrix<Scalar>& scores) {
    std::vector<index> order(static_cast<std::size_t>(scores.cols()));
    for (index t = 0; t < scores.rows(); ++t)
      layer.choose(scores.row(t).data(), scores.cols(), order.data());
  }

  template <class Scalar>
  static std::vector<index> tokens_of(const matrix<Scalar>& weights, index expert) {
    std::vector<index> tokens;
    for (index t = 0; t < weights.rows(); ++t)
      if (experts<Scalar>::chosen(weights(t, expert))) tokens.push_back(t);
    return tokens;
  }
};

// Some rows of x, one after the other.
template <class Scalar, class X>
matrix<Scalar> rows_of(const X& x, const std::vector<index>& rows) {
  matrix<Scalar> some(static_cast<index>(rows.size()), x.cols());
  for (index i = 0; i < some.rows(); ++i) some.row(i) = x.row(rows[static_cast<std::size_t>(i)]);
  return some;
}

// Derivatives of the weights of one token become those of the router's scores. With p the softmax of which the weights
// are parts, d_score = p (d_weight - sum of p d_weight), where d_weight is 0 of experts that were not chosen.
template <class Scalar>
void choose_backward(const experts<Scalar>& layer, const Scalar* scores, const Scalar* weights,
                     Scalar* d, index all) {
  Scalar along = 0;
  for (index e = 0; e < all; ++e) along += weights[e] * d[e];
  if (layer.weights == experts<Scalar>::weighting::softmax_of_chosen) {
    for (index e = 0; e < all; ++e) d[e] = weights[e] * (d[e] - along);
    return;
  }
  const Scalar largest = *std::max_element(scores, scores + all);
  Scalar sum = 0;
  for (index e = 0; e < all; ++e) sum += std::exp(scores[e] - largest);
  for (index e = 0; e < all; ++e) d[e] = std::exp(scores[e] - largest) / sum * (d[e] - along);
}

}  // namespace detail

// y = layer(x), with the same bits. x, y: (tokens, model), row-major.
template <class Scalar, class X, class Y>
void forward(const experts<Scalar>& layer, const X& x, Y&& y, saved<experts<Scalar>>& kept,
             const executor& run = {}) {
  using steps = detail::experts_gradient;
  steps::check(layer, x, y);
  kept.scores.resize(x.rows(), layer.router.outputs());
  layer.router(x, kept.scores, on(run));
  kept.weights = kept.scores;
  steps::choose(layer, kept.weights);
  kept.expert.resize(layer.expert.size());
  kept.outputs.resize(layer.expert.size());
  y.setZero();
  for (std::size_t e = 0; e < layer.expert.size(); ++e) {
    const std::vector<index> tokens = steps::tokens_of(kept.weights, static_cast<index>(e));
    matrix<Scalar>& some = kept.outputs[e];
    some.resize(static_cast<index>(tokens.size()), x.cols());
    if (tokens.empty()) continue;
    forward(layer.expert[e], detail::rows_of<Scalar>(x, tokens), some, kept.expert[e], run);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      y.row(tokens[i]) +=
          kept.weights(tokens[i], static_cast<index>(e)) * some.row(static_cast<index>(i));
  }
}

// x, d_y, d_x: (tokens, model). Which experts a token goes to does not change with its numbers: no derivative is of
// that.
template <class Scalar, class X, class DY, class DX>
void backward(const experts<Scalar>& layer, const X& x, const saved<experts<Scalar>>& kept,
              const DY& d_y, DX&& d_x, experts<Scalar>& gradient, const executor& on = {}) {
  detail::require(gradient.expert.size() == layer.expert.size(),
                  "heed::backward of experts: there are ", layer.expert.size(),
                  " experts, but their gradient has ", gradient.expert.size());
  matrix<Scalar> d_scores = matrix<Scalar>::Zero(x.rows(), layer.router.outputs());
  for (std::size_t e = 0; e < layer.expert.size(); ++e) {
    const auto column = static_cast<index>(e);
    const std::vector<index> tokens = detail::experts_gradient::tokens_of(kept.weights, column);
    if (tokens.empty()) continue;
    // y(t) += weight(t) output(t)
    matrix<Scalar> d_output = detail::rows_of<Scalar>(d_y, tokens);
    for (index i = 0; i < d_output.rows(); ++i) {
      const index t = tokens[static_cast<std::size_t>(i)];
      d_scores(t, column) = d_output.row(i).dot(kept.outputs[e].row(i));
      d_output.row(i) *= kept.weights(t, column);
    }
    // output = expert(input)
    matrix<Scalar> d_input = matrix<Scalar>::Zero(d_output.rows(), x.cols());
    backward(layer.expert[e], detail::rows_of<Scalar>(x, tokens), kept.expert[e], d_output, d_input,
             gradient.expert[e], on);
    for (index i = 0; i < d_input.rows(); ++i)
      d_x.row(tokens[static_cast<std::size_t>(i)]) += d_input.row(i);
  }
  // weights = softmax(scores), those that are chosen
  for (index t = 0; t < x.rows(); ++t)
    detail::choose_backward(layer, kept.scores.row(t).data(), kept.weights.row(t).data(),
                            d_scores.row(t).data(), d_scores.cols());
  // scores = x W_router + b_router
  backward(layer.router, x, d_scores, d_x, gradient.router, on);
}

}  // namespace HEED_ABI
}  // namespace heed
