// SPDX-License-Identifier: MIT
// Sentence embedding: from the vectors of a text's tokens to one vector of the text, by poolings
// side by side, then linear layers and division by the length, in any order.
//
//   heed::sentence_head<float> head;                    // the mean of all tokens
//   head.steps.push_back(heed::unit_length{});
//   heed::matrix<float> v = head(hidden, {0, 7, 19});   // (2, width), each of length 1
#pragma once

#include <heed/layer/activation.hpp>  // activation, activate
#include <heed/layer/linear.hpp>      // linear
#include <heed/model/pooling.hpp>     // pool

#include <algorithm>  // max
#include <variant>    // variant, visit

namespace heed {
inline namespace HEED_ABI {

// f(v W + b).
template <class Scalar>
struct dense_step {
  linear<Scalar> layer;
  heed::activation activation = heed::activation::identity;
};

// v / |v|.
struct unit_length {
  // What each row is divided by, which is never 0.
  template <class Row>
  [[nodiscard]] static auto length_of(const Row& row) {
    return (std::max)(row.norm(), static_cast<typename Row::Scalar>(1e-12));
  }
};

template <class Scalar>
struct sentence_head {
  std::vector<pooling> poolings = {pooling::mean};
  std::vector<std::variant<unit_length, dense_step<Scalar>>> steps = {};

  // hidden: (tokens, model); text i is the rows starts[i] ... starts[i + 1] - 1. Returns (texts, width).
  [[nodiscard]] matrix<Scalar> operator()(const matrix<Scalar>& hidden,
                                          const std::vector<index>& starts) const {
    matrix<Scalar> v = pooled(hidden, starts);
    for (const auto& step : steps) std::visit([&v](const auto& s) { apply(s, v); }, step);
    return v;
  }

  // The input of the first step.
  [[nodiscard]] matrix<Scalar> pooled(const matrix<Scalar>& hidden,
                                      const std::vector<index>& starts) const {
    matrix<Scalar> v(static_cast<index>(starts.size()) - 1,
                     hidden.cols() * static_cast<index>(poolings.size()));
    index first = 0;
    for (const pooling kind : poolings) {
      v.middleCols(first, hidden.cols()) = pool(kind, hidden, starts);
      first += hidden.cols();
    }
    return v;
  }

  // Columns of the result for an encoder of so many.
  [[nodiscard]] index width(index model) const {
    index columns = model * static_cast<index>(poolings.size());
    for (const auto& step : steps)
      if (const auto* dense = std::get_if<dense_step<Scalar>>(&step))
        columns = dense->layer.outputs();
    return columns;
  }

 private:
  static void apply(const unit_length&, matrix<Scalar>& v) {
    for (index i = 0; i < v.rows(); ++i) v.row(i) /= unit_length::length_of(v.row(i));
  }
  static void apply(const dense_step<Scalar>& step, matrix<Scalar>& v) {
    matrix<Scalar> y = step.layer(v);
    activate(step.activation, y);
    v = std::move(y);
  }
};

}  // namespace HEED_ABI
}  // namespace heed
