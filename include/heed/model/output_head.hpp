// SPDX-License-Identifier: MIT
// The head of an encoder: a pooler, a masked-language-model head, or a classification head.
//
//   heed::output_head<float> head = ...;             // pooling::first, dense, tanh, output
//   heed::matrix<float> scores = head(hidden, {0, 7, 19});  // (2, classes): a row for each sequence
#pragma once

#include <heed/layer/activation.hpp>     // activation, activate
#include <heed/layer/linear.hpp>         // linear
#include <heed/layer/normalisation.hpp>  // normalisation
#include <heed/model/pooling.hpp>        // pool

#include <optional>  // optional

namespace heed {
inline namespace HEED_ABI {

// y = output(norm(f(dense(norm_before(x))))), where x has a row for each token or, if `pooled` is given,
// for each sequence; layers that are empty are left out.
template <class Scalar>
struct output_head {
  std::optional<pooling> pooled;  // none: every token has a row
  normalisation<Scalar> norm_before;
  linear<Scalar> dense;
  heed::activation activation = heed::activation::identity;
  normalisation<Scalar> norm;
  linear<Scalar> output;

  [[nodiscard]] bool given() const { return dense.outputs() > 0 || output.outputs() > 0; }

  // hidden: (tokens, model); sequence i is the rows starts[i] ... starts[i + 1] - 1. Throws shape_error if the
  // head is empty or sizes do not fit.
  [[nodiscard]] matrix<Scalar> operator()(const matrix<Scalar>& hidden,
                                          const std::vector<index>& starts) const {
    detail::require(given(), "heed::output_head: the model has no such head");
    matrix<Scalar> x = pooled ? pool(*pooled, hidden, starts) : hidden;
    normalise(norm_before, x, x);
    if (dense.outputs() > 0) x = dense(x);
    activate(activation, x);
    normalise(norm, x, x);
    return output.outputs() > 0 ? output(x) : x;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
