// SPDX-License-Identifier: MIT
// What a call can give beside its result: the log-sum-exp of every row, and the probabilities.
//
//   Eigen::MatrixXf lse(queries, heads), w(heads * queries, keys);
//   heed::attention(q, k, v, out, heed::heads{heads}, heed::log_sum_exp(lse), heed::weights(w));
#pragma once

#include <heed/core/concepts.hpp>   // setting_kind, writable
#include <heed/rules/settings.hpp>  // settings

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

template <class Element>
struct log_sum_exp_output {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "log_sum_exp";

  view<Element> into;

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    static_assert(std::is_same_v<Element, Scalar>,
                  "heed::log_sum_exp: the matrix must have the scalar that sums are formed in: "
                  "float for float, half and bfloat16, double for double and for the reference");
    if constexpr (std::is_same_v<Element, Scalar>) s.log_sum_exp = into;
  }
};

// Writes log(sum of exp(score)) of every row and head, natural logarithm, after scale, score rules,
// masks and sink: (queries, query heads). -infinity for a row that sees nothing.
template <class Matrix>
auto log_sum_exp(Matrix&& into) {
  static_assert(writable<Matrix>,
                "heed::log_sum_exp: the matrix must be writable memory, not a constant or an "
                "Eigen expression");
  return log_sum_exp_output<scalar_of<Matrix>>{view_of(into)};
}

template <class Element>
struct weights_output {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "weights";

  view<Element> into;

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    static_assert(std::is_same_v<Element, Scalar>,
                  "heed::weights: the matrix must have the scalar that sums are formed in: "
                  "float for float, half and bfloat16, double for double and for the reference");
    if constexpr (std::is_same_v<Element, Scalar>) s.weights = into;
  }
};

// Writes the probabilities, for looking at: (queries, keys), with several heads under each other
// (query heads * queries, keys). In a packed batch column j is key j of the row's own sequence, and
// columns beyond its last key are 0. This costs memory of queries * keys, which attention does not.
template <class Matrix>
auto weights(Matrix&& into) {
  static_assert(writable<Matrix>,
                "heed::weights: the matrix must be writable memory, not a constant or an Eigen "
                "expression");
  return weights_output<scalar_of<Matrix>>{view_of(into)};
}

}  // namespace HEED_ABI
}  // namespace heed
