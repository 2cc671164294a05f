// SPDX-License-Identifier: MIT
// Forward and backward of a sentence head for training, from hidden vectors of tokens to embeddings of texts.
//
//   heed::saved<heed::sentence_head<float>> kept;
//   heed::forward(head, hidden, starts, kept);  // kept.vectors: (texts, width)
//   heed::backward(head, hidden, starts, kept, d_vectors, d_hidden, gradient);
#pragma once

#include <heed/layer/backward/activation.hpp>  // activate_backward
#include <heed/layer/backward/linear.hpp>      // backward of linear
#include <heed/model/backward/pooling.hpp>     // pool_backward
#include <heed/model/sentence_head.hpp>        // sentence_head

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct saved<sentence_head<Scalar>> {
  std::vector<matrix<Scalar>> inputs;  // input of each step, (texts, columns of that input)
  std::vector<matrix<Scalar>> inner;   // input of the activation of each dense_step
  matrix<Scalar> vectors;              // output of the head, (texts, width)
};

namespace detail {

// d_v += the derivatives of y = v / |v|, row by row: (d_y - y (y · d_y)) / |v|.
template <class Scalar>
void unit_length_backward(const matrix<Scalar>& v, const matrix<Scalar>& d_y, matrix<Scalar>& d_v) {
  for (index i = 0; i < v.rows(); ++i) {
    const Scalar length = unit_length::length_of(v.row(i));
    Scalar along = 0;
    if (v.row(i).norm() >= length) along = v.row(i).dot(d_y.row(i)) / (length * length);
    d_v.row(i) += (d_y.row(i) - along * v.row(i)) / length;
  }
}

}  // namespace detail

// kept.vectors = head(hidden, starts), with the same bits. hidden: (tokens, model).
template <class Scalar>
void forward(const sentence_head<Scalar>& head, const matrix<Scalar>& hidden,
             const std::vector<index>& starts, saved<sentence_head<Scalar>>& kept,
             const executor& run = {}) {
  matrix<Scalar>& v = kept.vectors;
  v = head.pooled(hidden, starts);
  kept.inputs.resize(head.steps.size());
  kept.inner.resize(head.steps.size());
  for (std::size_t i = 0; i < head.steps.size(); ++i) {
    kept.inputs[i] = v;
    if (const auto* const dense = std::get_if<dense_step<Scalar>>(&head.steps[i])) {
      kept.inner[i] = dense->layer(kept.inputs[i], on(run));
      v = kept.inner[i];
      activate(dense->activation, v);
    } else {
      for (index row = 0; row < v.rows(); ++row) v.row(row) /= unit_length::length_of(v.row(row));
    }
  }
}

// d_vectors: (texts, width), the gradient of kept.vectors; the gradients of hidden, (tokens, model), and of the
// weights are added to d_hidden and to `gradient`.
template <class Scalar>
void backward(const sentence_head<Scalar>& head, const matrix<Scalar>& hidden,
              const std::vector<index>& starts, const saved<sentence_head<Scalar>>& kept,
              const matrix<Scalar>& d_vectors, matrix<Scalar>& d_hidden,
              sentence_head<Scalar>& gradient, const executor& run = {}) {
  matrix<Scalar> d = d_vectors;
  for (std::size_t i = head.steps.size(); i-- > 0;) {
    const matrix<Scalar>& v = kept.inputs[i];
    matrix<Scalar> d_v = matrix<Scalar>::Zero(v.rows(), v.cols());
    if (const auto* const dense = std::get_if<dense_step<Scalar>>(&head.steps[i])) {
      // y = f(v W + b)
      activate_backward(dense->activation, kept.inner[i], d);
      backward(dense->layer, v, d, d_v, std::get<dense_step<Scalar>>(gradient.steps[i]).layer, run);
    } else {
      detail::unit_length_backward(v, d, d_v);
    }
    d = std::move(d_v);
  }
  // v = the poolings of hidden, side by side
  index first = 0;
  for (const pooling kind : head.poolings) {
    pool_backward(kind, hidden, starts, d.middleCols(first, hidden.cols()), d_hidden);
    first += hidden.cols();
  }
}

}  // namespace HEED_ABI
}  // namespace heed
