// SPDX-License-Identifier: MIT
// Asks the machine to bring memory nearer before it is needed, while it has other work.
//
//   heed::prefetch(heed::view_of(next_rows));
#pragma once

#include <heed/core/view.hpp>  // view

namespace heed {
inline namespace HEED_ABI {

// The cache lines of rows whose elements lie next to each other.
template <class Scalar>
void prefetch([[maybe_unused]] const view<Scalar>& rows) {
#if defined(__GNUC__)
  constexpr index line = 64 / static_cast<index>(sizeof(Scalar));
  for (index i = 0; i < rows.rows; ++i)
    for (index j = 0; j < rows.cols; j += line) __builtin_prefetch(&rows(i, j));
#endif
}

}  // namespace HEED_ABI
}  // namespace heed
