// SPDX-License-Identifier: MIT
// A pointer whose computation is hidden from the compiler: GCC would otherwise keep the distances
// between rows in registers, run out of registers, and reload the distances in the innermost loop.
//
//   row = heed::opaque(row + pitch);  // the same address
#pragma once

#include <heed/core/types.hpp>  // EIGEN_ALWAYS_INLINE

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class T>
EIGEN_ALWAYS_INLINE T* opaque(T* p) {
#if defined(__GNUC__)
  __asm__ volatile("" : "+r"(p));
#endif
  return p;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
