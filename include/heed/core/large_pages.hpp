// SPDX-License-Identifier: MIT
// Memory in large pages, where the system gives them only to who asks: a processor that goes through
// many megabytes then looks up fewer addresses.
//
//   void* block = ::operator new(bytes, heed::alignment_of(bytes));
//   heed::ask_for_large_pages(block, bytes);  // before it is touched
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <cstddef>  // size_t
#include <new>      // align_val_t

#if defined(__linux__)
#include <sys/mman.h>  // madvise
#endif

namespace heed {
inline namespace HEED_ABI {

inline constexpr std::size_t large_page = std::size_t(2) << 20;

// A cache line's, or a large page's for blocks that fill one.
constexpr std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t(bytes < large_page ? 64 : large_page);
}

// A hint: that no large page is to be had changes nothing.
inline void ask_for_large_pages([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  if (bytes >= large_page) ::madvise(block, bytes / large_page * large_page, MADV_HUGEPAGE);
#endif
}

}  // namespace HEED_ABI
}  // namespace heed
