// SPDX-License-Identifier: MIT
// Memory on the stack: places apart, on cache lines, as many as fit.
#include <heed/core/stack_memory.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

TEST(stack_memory, takes_lie_apart_on_cache_lines) {
  heed::detail::stack_memory<3 * heed::scratch::granule> memory;
  auto* const a = memory.take<float>(1);
  auto* const b = memory.take<double>(8);
  auto* const c = memory.take<bool>(64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a) % heed::scratch::granule, 0u);
  EXPECT_EQ(reinterpret_cast<char*>(b) - reinterpret_cast<char*>(a), heed::scratch::granule);
  EXPECT_EQ(reinterpret_cast<char*>(c) - reinterpret_cast<char*>(b), heed::scratch::granule);
}

TEST(stack_memory, nothing_takes_nothing) {
  heed::detail::stack_memory<heed::scratch::granule> memory;
  auto* const nothing = memory.take<float>(0);
  EXPECT_EQ(nothing, memory.take<float>(16));
}

}  // namespace
