// SPDX-License-Identifier: MIT
// Asks the machine to bring memory nearer before it is needed, while it has other work.
//
//   heed::prefetch(row + 256);
#pragma once

#include <heed/core/view.hpp>  // view

namespace heed {
inline namespace HEED_ABI {

// The cache line at a place, into the second cache. A hint: any address will do. Inlined, since GCC
// takes a function that does nothing else for one without effect, and leaves its calls out.
EIGEN_ALWAYS_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__)
  __builtin_prefetch(place, 0, 2);
#endif
}

// The lines of a few rows, `ahead` numbers further.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch(const view<Scalar>& rows, index ahead) {
  constexpr index line = 64 / static_cast<index>(sizeof(Scalar));
  for (index i = 0; i < rows.rows; ++i)
    for (index j = 0; j < rows.cols; j += line) prefetch(&rows(i, j) + ahead);
}

}  // namespace HEED_ABI
}  // namespace heed
