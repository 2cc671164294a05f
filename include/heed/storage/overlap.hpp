// SPDX-License-Identifier: MIT
// Whether two strided views share an element (aliasing), without a loop over the elements.
//
//   heed::overlap(view_of(qkv.leftCols(4)), view_of(qkv.rightCols(4)));  // false
//
// In this example both views lie in one buffer, but share no element.
#pragma once

#include <heed/storage/view.hpp>  // view

#include <algorithm>   // max, swap
#include <cstdint>     // uintptr_t
#include <functional>  // less

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Whether the intervals [0, a) and [shift, shift + b) share a number.
inline bool meet(index a, index shift, index b) { return shift < a && shift + b > 0; }

// The same elements with strides that are not negative, from the lowest address on.
template <class Scalar>
view<Scalar> ascending(view<Scalar> v) {
  if (v.row_stride < 0) {
    v.data += (v.rows - 1) * v.row_stride;
    v.row_stride = -v.row_stride;
  }
  if (v.col_stride < 0) {
    v.data += (v.cols - 1) * v.col_stride;
    v.col_stride = -v.col_stride;
  }
  return v;
}

// Inner and outer direction of a view: outer has the larger stride.
struct lattice {
  index inner_count, inner_stride, outer_count, outer_stride;
};
template <class Scalar>
lattice lattice_of(const view<Scalar>& v) {
  lattice l{v.cols, v.col_stride, v.rows, v.row_stride};
  if (l.inner_stride > l.outer_stride) {
    std::swap(l.inner_stride, l.outer_stride);
    std::swap(l.inner_count, l.outer_count);
  }
  return l;
}

template <class Scalar>
std::uintptr_t first_byte(const view<Scalar>& v) {
  return reinterpret_cast<std::uintptr_t>(v.data);
}
template <class Scalar>
std::uintptr_t last_byte(const view<Scalar>& v) {
  return reinterpret_cast<std::uintptr_t>(&v(v.rows - 1, v.cols - 1)) + sizeof(Scalar) - 1;
}

// Exact for views cut from one buffer with the same strides; for views of different strides whose
// byte ranges interleave, the answer is a cautious yes. Strides may be of either sign.
template <class A, class B>
bool overlap(const view<A>& either, const view<B>& other) {
  if (either.rows == 0 || either.cols == 0 || other.rows == 0 || other.cols == 0) return false;
  const view<A> a = detail::ascending(either);
  const view<B> b = detail::ascending(other);
  if (detail::last_byte(a) < detail::first_byte(b) || detail::last_byte(b) < detail::first_byte(a))
    return false;
  const detail::lattice la = detail::lattice_of(a);
  const detail::lattice lb = detail::lattice_of(b);
  if constexpr (sizeof(A) != sizeof(B)) return true;
  if (la.inner_stride != lb.inner_stride || la.outer_stride != lb.outer_stride) return true;
  if (la.inner_stride <= 0 || la.outer_stride % la.inner_stride != 0) return true;

  const auto bytes = static_cast<std::intptr_t>(detail::first_byte(b) - detail::first_byte(a));
  const auto element = static_cast<std::intptr_t>(sizeof(A)) * la.inner_stride;
  if (bytes % element != 0) return bytes % static_cast<std::intptr_t>(sizeof(A)) != 0;
  const index pitch = la.outer_stride / la.inner_stride;
  if (la.inner_count > pitch || lb.inner_count > pitch) return true;

  // b begins `outer` lines and `inner` elements after a, or one line more and `pitch` fewer.
  const index distance = bytes / element;
  const index inner = ((distance % pitch) + pitch) % pitch;
  const index outer = (distance - inner) / pitch;
  return (detail::meet(la.inner_count, inner, lb.inner_count) &&
          detail::meet(la.outer_count, outer, lb.outer_count)) ||
         (detail::meet(la.inner_count, inner - pitch, lb.inner_count) &&
          detail::meet(la.outer_count, outer + 1, lb.outer_count));
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
