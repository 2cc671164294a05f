// SPDX-License-Identifier: MIT
// Several documents in one sequence: a query sees only keys with the same document id.
//
//   std::vector<int> ids{0, 0, 0, 1, 1};
//   heed::attention(q, k, v, out, heed::causal && heed::documents(ids));
#pragma once

#include <heed/core/kept.hpp>             // kept
#include <heed/modifiers/masks/mask.hpp>  // mask_kind, at

#include <algorithm>         // clamp, minmax_element
#include <initializer_list>  // initializer_list
#include <ranges>            // contiguous_range, data, size
#include <span>              // span
#include <utility>           // forward

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The types that documents can be made from: contiguous ids.
template <class Ids>
constexpr bool are_ids() {
  using plain = std::remove_cvref_t<Ids>;
  if constexpr (storage<plain>)
    return plain::IsVectorAtCompileTime && plain::InnerStrideAtCompileTime == 1;
  else
    return !eigen_object<plain> && std::ranges::contiguous_range<const plain> &&
           std::ranges::sized_range<const plain>;
}

template <class Ids>
struct id {
  using type = int;  // for an argument that is refused
};
template <class Ids>
requires(are_ids<Ids>() && storage<Ids>) struct id<Ids> {
  using type = scalar_of<Ids>;
};
template <class Ids>
requires(are_ids<Ids>() && !storage<Ids>) struct id<Ids> {
  using type = std::ranges::range_value_t<std::remove_cvref_t<Ids>>;
};

// The mask of one sequence.
template <class Id>
struct bound_documents {
  using heed_kind = mask_kind;
  static constexpr bool reads_memory = true;
  const Id* ids = nullptr;
  index count = 0;

  bound_documents() = default;
  bound_documents(const Id* first, index size) : ids(first), count(size) {}
  template <class Ids>
  explicit bound_documents(const Ids& all)
      : ids(std::ranges::data(all)), count(static_cast<index>(std::ranges::size(all))) {}

  bool operator()(at i) const {
    const auto last = static_cast<position>(count - 1);
    const position query = std::clamp(i.query, position(0), last);  // no branch around the load
    return (int(query == i.query) & int(exactly_equal(ids[query], ids[i.key]))) != 0;
  }

  // Whether a tile holds pairs with equal ids: a tile without one is skipped, in whatever order
  // documents come.
  coverage cover(interval queries, interval keys) const {
    const interval known = intersect(queries, {0, count});
    if (known.empty()) return coverage::none;
    const auto [low, high] = std::minmax_element(ids + known.first, ids + known.last);
    const auto [least, most] = std::minmax_element(ids + keys.first, ids + keys.last);
    if (*high < *least || *most < *low) return coverage::none;
    const bool one = known.size() == queries.size() && !(*low < *high) && !(*least < *most);
    return one ? coverage::all : coverage::some;
  }
};

}  // namespace detail

// One id for each key, looked up for a query by its position; a query that stands on no key sees
// none. Ids are any vector, array, span or Eigen vector: a temporary is taken over, what has a name is
// referred to.
template <class Id>
struct documents {
  using heed_kind = mask_kind;
  detail::kept<detail::bound_documents<Id>> all;

  template <class Ids>
  requires(!std::is_same_v<std::remove_cvref_t<Ids>, documents>) explicit documents(Ids&& ids) {
    constexpr bool good = detail::are_ids<Ids>();
    static_assert(good,
                  "heed::documents: give a vector of ids without gaps, one a key, as in "
                  "heed::documents(std::vector{0, 0, 1}); a single number or braces are none, a "
                  "std::vector<bool> has no ids in memory, and an Eigen expression must be stored "
                  "or .eval()ed");
    if constexpr (good) all = detail::kept<detail::bound_documents<Id>>(std::forward<Ids>(ids));
  }
  documents(const Id* first, index size)
      : all(std::span<const Id>(first, static_cast<std::size_t>(size))) {}
  template <class Number>
  requires std::is_arithmetic_v<Number>
  explicit documents(std::initializer_list<Number>) : documents(Number()) {}

  detail::bound_documents<Id> bind(const scope& s) const {
    return {all.ids + s.key_rows_elsewhere + s.key_row, s.keys};
  }
  void check(const call_shape& shape) const {
    detail::require(all.count == shape.keys, shape.verb, ": documents has ", all.count,
                    " ids, but there are ", shape.keys, " keys");
  }
};
template <class Ids>
documents(Ids&&) -> documents<typename detail::id<Ids>::type>;
template <class Number>
requires std::is_arithmetic_v<Number> documents(std::initializer_list<Number>)
->documents<int>;

}  // namespace HEED_ABI
}  // namespace heed
