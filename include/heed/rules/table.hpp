// SPDX-License-Identifier: MIT
// A matrix over (queries, keys) that a rule reads: one for all heads, or one a head.
#pragma once

#include <heed/rules/scope.hpp>  // scope, call_shape, view, require

#include <ranges>  // contiguous_range

namespace heed {
inline namespace HEED_ABI {

// Made from a matrix (queries, keys); or from one in which the heads' matrices lie under each other
// (heads * queries, keys); or from a vector or array of such matrices, one a head. In a packed
// batch rows are those of q, and column j is key j of the row's own sequence. Refers to what it was
// made from.
template <class Scalar>
class table {
 public:
  template <storage Matrix>
  explicit table(const Matrix& matrix)
      : source_(&matrix), count_(one_for_all), matrix_of_([](const void* source, index) {
          return view<const Scalar>(view_of(*static_cast<const Matrix*>(source)));
        }) {}

  template <std::ranges::contiguous_range Range>
  requires storage<std::ranges::range_value_t<Range>>
  explicit table(const Range& matrices)
      : source_(std::ranges::data(matrices)),
        count_(static_cast<index>(std::ranges::size(matrices))),
        matrix_of_([](const void* source, index i) {
          using Matrix = std::ranges::range_value_t<Range>;
          return view<const Scalar>(view_of(static_cast<const Matrix*>(source)[i]));
        }) {}

  void check(const char* name, const call_shape& shape) const {
    if (count_ == one_for_all) {
      const auto all = matrix_of_(source_, 0);
      require(all.cols == shape.longest_keys &&
                  (all.rows == shape.queries || all.rows == shape.queries * shape.query_heads),
              shape.verb, ": ", name, " is ", all, ", but it must be ", shape.queries, "x",
              shape.longest_keys, " or, with a matrix a head, ", shape.queries * shape.query_heads,
              "x", shape.longest_keys);
      return;
    }
    require(count_ == shape.query_heads, shape.verb, ": ", name, " has ", count_,
            " matrices, but there are ", shape.query_heads, " query heads");
    for (index head = 0; head < count_; ++head) {
      const auto one = matrix_of_(source_, head);
      require(one.rows == shape.queries && one.cols == shape.longest_keys, shape.verb, ": ", name,
              " of head ", head, " is ", one, ", but it must be ", shape.queries, "x",
              shape.longest_keys);
    }
  }

  // What one sequence and head reads: (queries, keys).
  view<const Scalar> of(const scope& s) const {
    if (count_ != one_for_all)
      return matrix_of_(source_, s.head).block(s.query_row, 0, s.queries, s.keys);
    const auto all = matrix_of_(source_, 0);
    const index first = all.rows == s.all_queries ? 0 : s.head * s.all_queries;
    return all.block(first + s.query_row, 0, s.queries, s.keys);
  }

 private:
  const void* source_;
  static constexpr index one_for_all = -1;
  index count_;  // matrices, or one_for_all: a single one, shared or stacked
  view<const Scalar> (*matrix_of_)(const void*, index);
};

// The scalar of a matrix, or of the matrices in a range.
template <class Source>
struct table_scalar {
  using type = typename std::ranges::range_value_t<Source>::Scalar;
};
template <eigen_object Source>
struct table_scalar<Source> {
  using type = typename Source::Scalar;
};

}  // namespace HEED_ABI
}  // namespace heed
