// SPDX-License-Identifier: MIT
// Memory in large pages (huge pages), where the system gives them on request alone: a processor
// that reads many megabytes then has fewer misses in its table of addresses (TLB).
//
//   void* block = ::operator new(bytes, heed::alignment_of(bytes));
//   heed::request_large_page(block, 3);  // the fourth large page, before it is touched
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <cstddef>  // size_t, byte
#include <new>      // align_val_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::size_t large_page = std::size_t(2) << 20;

#if defined(__linux__) && defined(__GNUC__)
// Declared here, since the system's header would define dozens of macros.
extern "C" int heed_madvise(void*, std::size_t, int) noexcept __asm__("madvise");
inline constexpr int advice_huge_page = 14;  // MADV_HUGEPAGE
#endif

// The alignment of a cache line; of a large page for blocks that fill one.
constexpr std::align_val_t alignment_of([[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(__GNUC__)
  if (bytes >= large_page) return std::align_val_t(large_page);
#endif
  return std::align_val_t(64);
}

// A hint for one large page of a block with that alignment: if the system has none, nothing
// changes.
inline void request_large_page([[maybe_unused]] void* block, [[maybe_unused]] std::size_t number) {
#if defined(__linux__) && defined(__GNUC__)
  detail::heed_madvise(static_cast<std::byte*>(block) + number * large_page, large_page,
                       detail::advice_huge_page);
#endif
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
