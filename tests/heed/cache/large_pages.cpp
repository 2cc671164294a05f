// SPDX-License-Identifier: MIT
// Large pages: which blocks begin on one, and that asking for them leaves memory as it is.
#include <heed/cache/large_pages.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace {

TEST(large_pages, begin_blocks_that_fill_one) {
  EXPECT_EQ(std::size_t(heed::detail::alignment_of(0)), 64u);
  EXPECT_EQ(std::size_t(heed::detail::alignment_of(heed::detail::large_page - 1)), 64u);
#if defined(__linux__)
  EXPECT_EQ(std::size_t(heed::detail::alignment_of(heed::detail::large_page)),
            heed::detail::large_page);
  EXPECT_EQ(std::size_t(heed::detail::alignment_of(5 * heed::detail::large_page + 1)),
            heed::detail::large_page);
#endif
}

TEST(large_pages, hold_what_is_written) {
  for (const std::size_t bytes : {std::size_t(1), heed::detail::large_page - 1,
                                  heed::detail::large_page, 2 * heed::detail::large_page + 12345}) {
    const std::align_val_t alignment = heed::detail::alignment_of(bytes);
    auto* const block = static_cast<unsigned char*>(::operator new(bytes, alignment));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % std::size_t(alignment), 0u);
    for (std::size_t page = 0; page < bytes / heed::detail::large_page; ++page)
      heed::detail::request_large_page(block, page);
    std::memset(block, 7, bytes);
    for (std::size_t page = 0; page < bytes / heed::detail::large_page; ++page)
      heed::detail::request_large_page(block, page);
    EXPECT_EQ(block[0], 7);
    EXPECT_EQ(block[bytes - 1], 7);
    ::operator delete(block, alignment);
  }
}

}  // namespace
