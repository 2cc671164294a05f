// SPDX-License-Identifier: MIT
// Memory in large pages, where the system gives them only to who asks: a processor that goes through
// many megabytes then looks up fewer addresses.
//
//   void* block = ::operator new(bytes, heed::alignment_of(bytes));
//   heed::ask_for_large_page(block, 3);  // its fourth, before it is touched
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <cstddef>  // size_t, byte
#include <new>      // align_val_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::size_t large_page = std::size_t(2) << 20;

#if defined(__linux__) && defined(__GNUC__)
// The system's header would bring dozens of macros along.
extern "C" int heed_madvise(void*, std::size_t, int) noexcept __asm__("madvise");
inline constexpr int advice_huge_page = 14;  // MADV_HUGEPAGE
#endif

// A cache line's, or a large page's for blocks that fill one.
constexpr std::align_val_t alignment_of([[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(__GNUC__)
  if (bytes >= large_page) return std::align_val_t(large_page);
#endif
  return std::align_val_t(64);
}

// A hint for one large page of a block that is so aligned: that none is to be had changes nothing.
inline void ask_for_large_page([[maybe_unused]] void* block, [[maybe_unused]] std::size_t number) {
#if defined(__linux__) && defined(__GNUC__)
  detail::heed_madvise(static_cast<std::byte*>(block) + number * large_page, large_page,
                       detail::advice_huge_page);
#endif
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
