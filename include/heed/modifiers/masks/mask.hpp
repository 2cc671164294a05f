// SPDX-License-Identifier: MIT
// Masks compose like Booleans: a && b, a || b, !a.
//
//   heed::attention(q, k, v, out, (heed::causal && heed::window{.left = 255}) || heed::prefix(16));
//
// A mask is any value with `using heed_kind = heed::mask_kind` and
//   bool operator()(at i) const;                           // may i.query see i.key?
// Members that a mask may have as well, so that the kernel skips tiles or checks sizes:
//   interval keys(interval queries) const;                 // none of the queries sees a key outside
//   coverage cover(interval queries, interval keys) const; // none, some or all of the pairs
//   std::optional<index> first_query() const;              // the position of the first query
//   auto bind(const scope&) const;                         // the mask for one sequence and head
//   static constexpr bool reads_memory;                    // whether it reads memory for each pair
//   void check(const call_shape&) const;                   // throws shape_error
// Positions of queries are those of at::query. Both sides of && and || are evaluated for every
// pair, whatever the first side returns: without a branch, the loop over pairs becomes vector code.
#pragma once

#include <heed/core/concepts.hpp>               // mask, mask_kind
#include <heed/modifiers/pair_matrix_tile.hpp>  // pair_matrix_tile, seen_by
#include <heed/modifiers/refused.hpp>           // refused, false_for_any
#include <heed/modifiers/scope.hpp>             // scope, call_shape, at, interval, coverage

#include <optional>  // optional
#include <utility>   // move

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// The result of a mask's member function, or a result that is true of every mask if the mask has
// none.
template <mask Mask>
interval keys_of(const Mask& m, interval queries) {
  if constexpr (requires { m.keys(queries); })
    return m.keys(queries);
  else
    return everywhere;
}
template <mask Mask>
coverage cover_of(const Mask& m, interval queries, interval keys) {
  if constexpr (requires { m.cover(queries, keys); })
    return m.cover(queries, keys);
  else
    return coverage::some;
}
template <mask Mask>
std::optional<index> first_query_of(const Mask& m) {
  if constexpr (requires { m.first_query(); })
    return m.first_query();
  else
    return std::nullopt;
}

// The first query's position from two masks; refuses positions that differ.
inline std::optional<index> same_first_query(std::optional<index> a, std::optional<index> b) {
  if (!a) return b;
  const index first = *a;
  const index other = b.value_or(first);
  require(first == other, "heed: the first query cannot stand at ", first, " and at ", other,
          " in one call");
  return first;
}

}  // namespace detail

// Intersection: a key is seen if both masks let it through.
template <mask A, mask B>
struct mask_and {
  using heed_kind = mask_kind;
  static constexpr bool reads_memory = detail::reads_memory<A>() || detail::reads_memory<B>();
  static constexpr int matrices = detail::matrices<A>() + detail::matrices<B>();
  A a;
  B b;

  bool operator()(at i) const { return (int(bool(a(i))) & int(bool(b(i)))) != 0; }
  template <class Scalar>
  bool operator()(at i, const Scalar* numbers) const {
    return (int(detail::seen_by(a, i, numbers)) &
            int(detail::seen_by(b, i, detail::numbers_after<A>(numbers)))) != 0;
  }
  template <class Scalar>
  void read(detail::pair_matrix_tile<Scalar>& tile) const {
    tile.read(a);
    tile.read(b);
  }
  interval keys(interval queries) const {
    return intersect(detail::keys_of(a, queries), detail::keys_of(b, queries));
  }
  coverage cover(interval queries, interval keys) const {
    return both(detail::cover_of(a, queries, keys), detail::cover_of(b, queries, keys));
  }
  std::optional<index> first_query() const {
    return detail::same_first_query(detail::first_query_of(a), detail::first_query_of(b));
  }
  auto bind(const scope& s) const {
    return mask_and<decltype(detail::bind(a, s)), decltype(detail::bind(b, s))>{detail::bind(a, s),
                                                                                detail::bind(b, s)};
  }
  void check(const call_shape& shape) const {
    detail::check(a, shape);
    detail::check(b, shape);
  }
};

// Union: a key is seen if one of the masks lets it through.
template <mask A, mask B>
struct mask_or {
  using heed_kind = mask_kind;
  static constexpr bool reads_memory = detail::reads_memory<A>() || detail::reads_memory<B>();
  static constexpr int matrices = detail::matrices<A>() + detail::matrices<B>();
  A a;
  B b;

  bool operator()(at i) const { return (int(bool(a(i))) | int(bool(b(i)))) != 0; }
  template <class Scalar>
  bool operator()(at i, const Scalar* numbers) const {
    return (int(detail::seen_by(a, i, numbers)) |
            int(detail::seen_by(b, i, detail::numbers_after<A>(numbers)))) != 0;
  }
  template <class Scalar>
  void read(detail::pair_matrix_tile<Scalar>& tile) const {
    tile.read(a);
    tile.read(b);
  }
  interval keys(interval queries) const {
    return hull(detail::keys_of(a, queries), detail::keys_of(b, queries));
  }
  coverage cover(interval queries, interval keys) const {
    return either(detail::cover_of(a, queries, keys), detail::cover_of(b, queries, keys));
  }
  std::optional<index> first_query() const {
    return detail::same_first_query(detail::first_query_of(a), detail::first_query_of(b));
  }
  auto bind(const scope& s) const {
    return mask_or<decltype(detail::bind(a, s)), decltype(detail::bind(b, s))>{detail::bind(a, s),
                                                                               detail::bind(b, s)};
  }
  void check(const call_shape& shape) const {
    detail::check(a, shape);
    detail::check(b, shape);
  }
};

// Complement: a key is seen if `a` excludes it.
template <mask A>
struct mask_not {
  using heed_kind = mask_kind;
  static constexpr bool reads_memory = detail::reads_memory<A>();
  static constexpr int matrices = detail::matrices<A>();
  A a;

  bool operator()(at i) const { return !a(i); }
  template <class Scalar>
  bool operator()(at i, const Scalar* numbers) const {
    return !detail::seen_by(a, i, numbers);
  }
  template <class Scalar>
  void read(detail::pair_matrix_tile<Scalar>& tile) const {
    tile.read(a);
  }
  coverage cover(interval queries, interval keys) const {
    return opposite(detail::cover_of(a, queries, keys));
  }
  std::optional<index> first_query() const { return detail::first_query_of(a); }
  auto bind(const scope& s) const {
    return mask_not<decltype(detail::bind(a, s))>{detail::bind(a, s)};
  }
  void check(const call_shape& shape) const { detail::check(a, shape); }
};

template <mask A, mask B>
constexpr mask_and<A, B> operator&&(A a, B b) {
  return {std::move(a), std::move(b)};
}
template <mask A, mask B>
constexpr mask_or<A, B> operator||(A a, B b) {
  return {std::move(a), std::move(b)};
}
template <mask A>
constexpr mask_not<A> operator!(A a) {
  return {std::move(a)};
}

namespace detail {

// One operand must be a mask of this library, so that these operators apply to no other types.
template <class A, class B>
concept mask_with_other = (modifier<A> || modifier<B>)&&!(mask<A> && mask<B>);

template <class... Others>
constexpr refused only_masks_are_joined() {
  static_assert(
      false_for_any<Others...>,
      "heed: &&, || and ! join masks alone: a function of your own goes into heed::where, "
      "a matrix of bool into heed::keep; score rules (heed::soft_cap(c), heed::score(f)) "
      "and settings (heed::scale(s)) are arguments of their own, after a comma");
  return {};
}

}  // namespace detail

template <class A, class B>
requires detail::mask_with_other<A, B>
constexpr auto operator&&(const A&, const B&) { return detail::only_masks_are_joined<A, B>(); }
template <class A, class B>
requires detail::mask_with_other<A, B>
constexpr auto operator||(const A&, const B&) { return detail::only_masks_are_joined<A, B>(); }
template <mask A, mask B>
constexpr auto operator&(const A&, const B&) {
  static_assert(detail::false_for_any<A, B>, "heed: masks are joined by && and ||, not by & and |");
  return detail::refused{};
}
template <mask A, mask B>
constexpr auto operator|(const A& a, const B& b) {
  return a & b;
}
template <modifier A>
requires(!mask<A>) constexpr auto operator!(const A&) { return detail::only_masks_are_joined<A>(); }

}  // namespace HEED_ABI
}  // namespace heed
