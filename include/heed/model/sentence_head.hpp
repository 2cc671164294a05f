// SPDX-License-Identifier: MIT
// Sentence embedding: one vector for a text from the vectors of its tokens, by poolings, whose results
// are concatenated, then linear layers and divisions by the vector's length, in any order.
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
  // The divisor of a row: its length, but at least 1e-12.
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

  // The number of columns of the result for hidden vectors of `model` columns.
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
