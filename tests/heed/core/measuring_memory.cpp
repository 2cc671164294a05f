// SPDX-License-Identifier: MIT
// Measured memory: whole cache lines, as a scratch takes them.
#include <heed/core/measuring_memory.hpp>
#include <heed/core/stack_memory.hpp>

#include <gtest/gtest.h>

namespace {

TEST(measuring_memory, adds_up_whole_cache_lines) {
  heed::detail::measuring_memory memory;
  EXPECT_EQ(memory.take<float>(100), nullptr);
  EXPECT_EQ(memory.bytes(), 448);
  EXPECT_EQ(memory.take<bool>(1), nullptr);
  EXPECT_EQ(memory.bytes(), 512);
  EXPECT_EQ(memory.take<double>(0), nullptr);
  EXPECT_EQ(memory.bytes(), 512);
}

TEST(measuring_memory, measures_when_compiling) {
  constexpr heed::index bytes = [] {
    heed::detail::measuring_memory memory;
    memory.take<char>(65);
    return memory.bytes();
  }();
  static_assert(bytes == 128);
}

}  // namespace
