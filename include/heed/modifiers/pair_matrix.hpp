// SPDX-License-Identifier: MIT
// A matrix over (queries, keys) that a rule reads: one for all heads, or one a head.
#pragma once

#include <heed/core/kept.hpp>        // owns_elements, kept
#include <heed/modifiers/scope.hpp>  // scope, call_shape, view, require
#include <heed/storage/view.hpp>     // view

#include <ranges>  // contiguous_range

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What a matrix can be made from: an Eigen matrix whose elements lie in memory, or a vector or array
// of such matrices.
template <class Source>
concept pair_matrix_source = storage<Source> ||
    (!eigen_object<Source> && std::ranges::contiguous_range<const std::remove_cvref_t<Source>> &&
     storage<std::ranges::range_value_t<std::remove_cvref_t<Source>>>);

// From a matrix (queries, keys); or from the matrices of all heads under each other (heads *
// queries, keys); or from a vector or array of matrices, one a head. In a packed batch rows are
// those of q, and column j is key j of the row's own sequence. Refers to the elements of the
// source; the source itself may be destroyed if it was only a view of these elements.
template <class Scalar>
class pair_matrix {
 public:
  pair_matrix() = default;

  template <storage Matrix>
  explicit pair_matrix(const Matrix& matrix) : count_(one_for_all) {
    if constexpr (owns_elements<Matrix>) {
      source_ = &matrix;
      matrix_of_ = [](const void* source, index) {
        return view<const Scalar>(view_of(*static_cast<const Matrix*>(source)));
      };
    } else {
      shown_ = view_of(matrix);
    }
  }

  template <pair_matrix_source Range>
  requires(!storage<Range>) explicit pair_matrix(const Range& matrices)
      : source_(std::ranges::data(matrices)),
        count_(static_cast<index>(std::ranges::size(matrices))),
        matrix_of_([](const void* source, index i) {
          using Matrix = std::ranges::range_value_t<Range>;
          return view<const Scalar>(view_of(static_cast<const Matrix*>(source)[i]));
        }) {}

  void check(const char* name, const call_shape& shape) const {
    if (count_ == one_for_all) {
      check_one_for_all(name, matrix(0), shape);
      return;
    }
    require(count_ == shape.query_heads, shape.verb, ": ", name, " has ", count_,
            " matrices, but there are ", shape.query_heads, " query heads");
    const extent must{shape.queries, shape.longest_keys};
    for (index head = 0; head < count_; ++head) {
      const extent is = extent_of(matrix(head));
      require(is.rows == must.rows && is.cols == must.cols, shape.verb, ": ", name, " of head ",
              head, " is ", is, ", but it must be ", must, " (queries x keys)",
              transposed{name, is, must});
    }
  }

  // The part for one sequence and head: (queries, keys).
  view<const Scalar> of(const scope& s) const {
    if (count_ != one_for_all) return matrix(s.head).block(s.query_row, 0, s.queries, s.keys);
    const auto all = matrix(0);
    const index first = all.rows == s.all_queries ? 0 : s.head * s.all_queries;
    return all.block(first + s.query_row, 0, s.queries, s.keys);
  }

 private:
  static constexpr index one_for_all = -1;

  static extent extent_of(const view<const Scalar>& m) { return {m.rows, m.cols}; }

  static void check_one_for_all(const char* name, const view<const Scalar>& all,
                                const call_shape& shape) {
    const extent is = extent_of(all), shared{shape.queries, shape.longest_keys},
                 stacked{shape.queries * shape.query_heads, shape.longest_keys};
    const bool fits = is.cols == shared.cols && (is.rows == shared.rows || is.rows == stacked.rows);
    if (stacked.rows == shared.rows)
      require(fits, shape.verb, ": ", name, " is ", is, ", but it must be ", shared,
              " (queries x keys)", transposed{name, is, shared});
    else
      require(fits, shape.verb, ": ", name, " is ", is, ", but it must be ", shared,
              " (queries x keys) or, with a matrix a head, ", stacked, " (heads * queries x keys)",
              transposed{name, is, shared}, transposed{name, is, stacked});
  }

  view<const Scalar> matrix(index head) const {
    return matrix_of_ == nullptr ? shown_ : matrix_of_(source_, head);
  }

  const void* source_ = nullptr;  // unless shown_ is all
  index count_ = 0;               // matrices, or one_for_all: a single one, shared or stacked
  view<const Scalar> (*matrix_of_)(const void*, index) = nullptr;
  view<const Scalar> shown_;
};

// The scalar of a matrix, or of the matrices in a range.
template <pair_matrix_source Source>
struct pair_matrix_scalar {
  using type = scalar_of<std::ranges::range_value_t<std::remove_cvref_t<Source>>>;
};
template <storage Source>
struct pair_matrix_scalar<Source> {
  using type = scalar_of<Source>;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
