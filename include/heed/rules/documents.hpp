// SPDX-License-Identifier: MIT
// Several documents in one sequence: only places with the same id may see each other.
//
//   std::vector<int> ids{0, 0, 0, 1, 1};
//   heed::attention(q, k, v, out, heed::causal && heed::documents(ids));
#pragma once

#include <heed/rules/mask.hpp>  // mask_kind, at

#include <algorithm>  // clamp, minmax_element
#include <iterator>   // size
#include <ranges>     // contiguous_range

namespace heed {
inline namespace HEED_ABI {

// One id for each key, looked up for a query by its position; a query that stands on no key sees
// none. Refers to the ids it was made from.
template <class Id>
struct documents {
  using heed_kind = mask_kind;
  static constexpr bool looks_up = true;
  const Id* ids;
  index count;

  template <std::ranges::contiguous_range Range>
  requires(!eigen_object<Range>) explicit documents(const Range& range)
      : ids(std::ranges::data(range)), count(static_cast<index>(std::ranges::size(range))) {}
  template <storage Vector>
  explicit documents(const Vector& vector) : ids(vector.data()), count(vector.size()) {
    static_assert(Vector::IsVectorAtCompileTime && Vector::InnerStrideAtCompileTime == 1,
                  "heed::documents: give a vector of ids without gaps");
  }
  documents(const Id* first, index size) : ids(first), count(size) {}

  bool operator()(at i) const {
    const auto last = static_cast<position>(count - 1);
    const position query = std::clamp(i.query, position(0), last);  // no jump over the look-up
    return (int(query == i.query) & int(exactly_equal(ids[query], ids[i.key]))) != 0;
  }

  // Ids that cannot meet skip a tile, in whatever order documents come.
  coverage cover(interval queries, interval keys) const {
    const interval known = intersect(queries, {0, count});
    if (known.empty()) return coverage::none;
    const auto [low, high] = std::minmax_element(ids + known.first, ids + known.last);
    const auto [least, most] = std::minmax_element(ids + keys.first, ids + keys.last);
    if (*high < *least || *most < *low) return coverage::none;
    const bool one = known.size() == queries.size() && !(*low < *high) && !(*least < *most);
    return one ? coverage::all : coverage::some;
  }

  documents bind(const scope& s) const { return {ids + s.key_row, s.keys}; }
  void check(const call_shape& shape) const {
    require(count == shape.keys, shape.verb, ": documents has ", count, " ids, but there are ",
            shape.keys, " keys");
  }
};
template <class Range>
documents(const Range&) -> documents<std::ranges::range_value_t<Range>>;
template <storage Vector>
documents(const Vector&) -> documents<scalar_of<Vector>>;

}  // namespace HEED_ABI
}  // namespace heed
