// SPDX-License-Identifier: MIT
// Outputs of a call beside its result: the log-sum-exp of every row, the attention probabilities,
// and the sum of the probabilities over the rows.
//
//   Eigen::MatrixXf lse(queries, heads), w(heads * queries, keys), received(keys, heads);
//   heed::attention(q, k, v, out, heed::heads{heads}, heed::log_sum_exp(lse), heed::weights(w),
//                   heed::key_weights(received));
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind, writable
#include <heed/modifiers/options/settings.hpp>  // settings
#include <heed/modifiers/refused.hpp>           // refused

#include <string_view>  // string_view
#include <utility>      // forward

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// A matrix that a call writes beside its result. Place is the setting that the matrix belongs to.
template <class Place, class Element>
struct side_output {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = Place::name;

  view<Element> into;

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    static_assert(
        std::is_same_v<Element, Scalar>,
        "heed: a matrix for log_sum_exp, weights or key_weights must have the scalar that "
        "sums are formed in: float for float, half and bfloat16, double for double and for "
        "the reference");
    if constexpr (std::is_same_v<Element, Scalar>) Place::of(s) = into;
  }
};

struct log_sum_exp_place {
  static constexpr std::string_view name = "log_sum_exp";
  template <class Scalar>
  static auto& of(settings<Scalar>& s) {
    return s.log_sum_exp;
  }
};
struct weights_place {
  static constexpr std::string_view name = "weights";
  template <class Scalar>
  static auto& of(settings<Scalar>& s) {
    return s.weights;
  }
};
struct key_weights_place {
  static constexpr std::string_view name = "key_weights";
  template <class Scalar>
  static auto& of(settings<Scalar>& s) {
    return s.key_weights;
  }
};

template <class Place, class Matrix>
auto written_into(Matrix&& into) {
  static_assert(eigen_object<Matrix>,
                "heed: log_sum_exp, weights and key_weights write into an Eigen matrix; Eigen::Map "
                "makes one of other memory, a std::vector's too");
  static_assert(
      !eigen_object<Matrix> || writable<Matrix>,
      "heed: a matrix for log_sum_exp, weights or key_weights must be writable memory, not "
      "a constant or an Eigen expression");
  if constexpr (writable<Matrix>)
    return side_output<Place, scalar_of<Matrix>>{view_of(into)};
  else
    return refused{};
}

template <class Modifier>
inline constexpr bool is_key_weights = false;
template <class Element>
inline constexpr bool is_key_weights<side_output<key_weights_place, Element>> = true;

}  // namespace detail

// Writes log(sum of exp(score)) of every row and head, natural logarithm, after scale, score rules,
// masks and sink: (queries, query heads). -infinity for a row that sees nothing.
template <class Matrix>
auto log_sum_exp(Matrix&& into) {
  return detail::written_into<detail::log_sum_exp_place>(std::forward<Matrix>(into));
}

// Writes the probabilities, for looking at: (queries, keys), with several heads under each other
// (query heads * queries, keys). In a packed batch column j is key j of the row's own sequence, and
// columns beyond its last key are 0. This costs memory of queries * keys, which attention does not.
template <class Matrix>
auto weights(Matrix&& into) {
  return detail::written_into<detail::weights_place>(std::forward<Matrix>(into));
}

// Writes the probability that each key received, summed over the queries: (keys, query heads), in a
// packed batch (rows of k, query heads). Zhang et al., "H2O: Heavy-Hitter Oracle for Efficient
// Generative Inference of Large Language Models", 2023, keep the keys that received most. Scores are
// formed a second time and weighed by the row's log-sum-exp, whose rounding costs a relative error of
// |log_sum_exp| * epsilon.
template <class Matrix>
auto key_weights(Matrix&& into) {
  return detail::written_into<detail::key_weights_place>(std::forward<Matrix>(into));
}

namespace detail {

// Whether these outputs are among the modifiers of a call.
template <class... Modifiers>
inline constexpr bool has_key_weights = (false || ... || detail::is_key_weights<Modifiers>);

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
