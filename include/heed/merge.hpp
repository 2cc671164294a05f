// SPDX-License-Identifier: MIT
// Attention over keys that are held in several places: each place's result and log-sum-exp, merged.
//
//   heed::attention(q, prompt_keys, prompt_values, out, heed::log_sum_exp(lse));
//   heed::attention(q, own_keys, own_values, own, heed::log_sum_exp(own_lse), heed::causal);
//   heed::merge(heed::partial(out, lse), heed::partial(own, own_lse));  // out: over all keys
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Juravsky et al.,
// "Hydragen: High-Throughput LLM Inference with Shared Prefixes", 2024.
#pragma once

#include <heed/core/narrow.hpp>        // narrowed
#include <heed/modifiers/problem.hpp>  // check_apart, view, require
#include <heed/modifiers/refused.hpp>  // false_for_any
#include <heed/simd/fused.hpp>         // fused

#include <algorithm>  // max
#include <cmath>      // copysign, exp, isfinite, isinf, log
#include <cstddef>    // size_t
#include <limits>     // infinity, max

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The element type of a matrix of a part; float for an argument that is refused.
template <class Matrix>
struct part_element {
  using type = float;
};
template <storage Matrix>
struct part_element<Matrix> {
  using type = element_of<Matrix>;
};

template <class Element, class Matrix>
view<Element> part_view(Matrix&& matrix) {
  static_assert(
      storage<Matrix>,
      "heed::partial: give two Eigen matrices, the rows and their log_sum_exp, stored, not "
      "Eigen expressions; Eigen::Map makes one of other memory");
  if constexpr (storage<Matrix>)
    return view_of(matrix);
  else
    return {};
}

}  // namespace detail

// The rows that attention over some of the keys gives, (queries, heads * value width), and their
// log-sum-exp, (queries, heads). Refers to both.
template <class Row, class Sum>
struct partial {
  detail::view<Row> rows;
  detail::view<Sum> log_sum_exp;

  template <class Rows, class Sums>
  partial(Rows&& given_rows, Sums&& sums)
      : rows(detail::part_view<Row>(given_rows)), log_sum_exp(detail::part_view<Sum>(sums)) {}
};
template <class Rows, class Sums>
partial(Rows&&, Sums&&) -> partial<typename detail::part_element<Rows>::type,
                                   typename detail::part_element<Sums>::type>;

namespace detail {

template <class Row, class Sum, class OtherRow, class OtherSum>
void check_part(const partial<Row, Sum>& into, const partial<OtherRow, OtherSum>& other) {
  constexpr const char* verb = "heed::merge";
  require(other.rows.rows == into.rows.rows && other.rows.cols == into.rows.cols, verb,
          ": rows differ: ", into.rows, " and ", other.rows);
  require(other.log_sum_exp.rows == into.log_sum_exp.rows &&
              other.log_sum_exp.cols == into.log_sum_exp.cols,
          verb, ": log_sum_exp differ: ", into.log_sum_exp, " and ", other.log_sum_exp);
  check_apart(verb, "rows", into.rows, "rows of another part", other.rows);
  check_apart(verb, "rows", into.rows, "log_sum_exp of another part", other.log_sum_exp);
  check_apart(verb, "log_sum_exp", into.log_sum_exp, "rows of another part", other.rows);
  check_apart(verb, "log_sum_exp", into.log_sum_exp, "log_sum_exp of another part",
              other.log_sum_exp);
}

// The weighted mean of the parts' rows at a place. If all its terms are finite, the mean is
// infinite by rounding alone, and the largest number takes its place.
template <class Row, class Sum, std::size_t Parts>
Sum within_values(Sum mean, const view<const Row> (&rows)[Parts], index i, index f) {
  if (!std::isinf(mean)) return mean;
  for (const auto& part : rows)
    if (!std::isfinite(static_cast<Sum>(part(i, f)))) return mean;
  return std::copysign((std::numeric_limits<Sum>::max)(), mean);
}

// Merges all parts into the first.
template <class Row, class Sum, std::size_t Parts>
void merge_into(const view<Row>& into, const view<Sum>& sum_into,
                const view<const Row> (&rows)[Parts], const view<const Sum> (&sums)[Parts]) {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  const index width = into.cols / sum_into.cols;
  for (index i = 0; i < into.rows; ++i)
    for (index h = 0; h < sum_into.cols; ++h) {
      double share[Parts], most = nothing, total = 0;
      for (const auto& s : sums) most = (std::max)(most, static_cast<double>(s(i, h)));
      for (std::size_t p = 0; p < Parts; ++p) {
        const auto sum = static_cast<double>(sums[p](i, h));
        share[p] = exactly_equal(sum, nothing) ? 0 : std::exp(sum - most);
        total += share[p];
      }
      if (exactly_equal(total, 0.0)) continue;  // rows are 0 already
      for (index f = h * width; f < (h + 1) * width; ++f) {
        Sum sum = Sum(-0.0);  // the neutral element: -0 + -0 is -0
        for (std::size_t p = 0; p < Parts; ++p)
          if (!exactly_equal(share[p], 0.0))
            sum = fused(static_cast<Sum>(share[p] / total), static_cast<Sum>(rows[p](i, f)), sum);
        into(i, f) = narrowed<Row>(within_values(sum, rows, i, f));
      }
      sum_into(i, h) = narrowed<Sum>(most + std::log(total));
    }
}

}  // namespace detail

// Turns `into` into the result of attention over the keys of all parts together (the merge of split
// KV):
//
//   log_sum_exp = log(sum of exp(log_sum_exp of a part))
//   rows = sum of exp(log_sum_exp of a part - log_sum_exp) * rows of the part
//
// No key may be in two parts, and a sink may be in one part alone. Masks and score rules of each
// call count that call's own keys from 0: queries behind a shared prefix have positions
// heed::causal_from(p) there. If a part has seen no key, the result is that of the others, bit for
// bit. A log-sum-exp that was rounded gives its part's share a relative error of |log_sum_exp| *
// epsilon. Throws shape_error, before anything is written, if sizes differ or memory is shared.
template <class Row, class Sum, class... Rows, class... Sums>
void merge(const partial<Row, Sum>& into, const partial<Rows, Sums>&... others) {
  constexpr bool writes = !std::is_const_v<Row> && !std::is_const_v<Sum>;
  constexpr bool same =
      (std::is_same_v<std::remove_const_t<Row>, std::remove_const_t<Rows>> && ...) &&
      (std::is_same_v<std::remove_const_t<Sum>, std::remove_const_t<Sums>> && ...);
  constexpr bool sums_fit =
      std::is_same_v<std::remove_const_t<Sum>, accumulator_t<std::remove_const_t<Row>>>;
  static_assert(writes,
                "heed::merge: the first part must be writable memory, not a constant or an Eigen "
                "expression");
  static_assert(same, "heed::merge: all parts must have the same scalars");
  static_assert(sums_fit,
                "heed::merge: log_sum_exp must have the scalar that sums are formed in: float for "
                "float, half and bfloat16, double for double");
  const index heads = into.log_sum_exp.cols;
  detail::require(
      into.log_sum_exp.rows == into.rows.rows && heads > 0 && into.rows.cols % heads == 0,
      "heed::merge: rows are ", into.rows, ", log_sum_exp is ", into.log_sum_exp,
      "; it must have as many rows, and a column a head");
  detail::check_apart("heed::merge", "rows", into.rows, "log_sum_exp", into.log_sum_exp);
  (detail::check_part(into, others), ...);
  if constexpr (writes && same && sums_fit) {
    const detail::view<const Row> rows[] = {into.rows, others.rows...};
    const detail::view<const Sum> sums[] = {into.log_sum_exp, others.log_sum_exp...};
    detail::merge_into(into.rows, into.log_sum_exp, rows, sums);
  }
}

namespace detail {

template <class T>
inline constexpr bool is_partial = false;
template <class Row, class Sum>
inline constexpr bool is_partial<partial<Row, Sum>> = true;

}  // namespace detail

// Matrices alone do not say which of them belong together.
template <class... Parts>
requires((!detail::is_partial<Parts> || ...)) void merge(const Parts&...) {
  static_assert(detail::false_for_any<Parts...>,
                "heed::merge takes parts: heed::merge(heed::partial(out, lse), "
                "heed::partial(other_out, other_lse))");
}

}  // namespace HEED_ABI
}  // namespace heed
