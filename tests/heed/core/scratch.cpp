// SPDX-License-Identifier: MIT
// Scratch: frames nest, memory is aligned, kept, and apart.
#include <heed/core/scratch.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

TEST(scratch, takes_aligned_memory_that_does_not_overlap) {
  heed::scratch memory;
  heed::scratch::frame frame(memory);
  char* last_end = nullptr;
  for (const heed::index count : {1, 63, 64, 65, 1000, 40000, 3}) {
    char* const p = frame.take<char>(count);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 64, 0u);
    for (heed::index i = 0; i < count; ++i) p[i] = char(count);
    if (last_end != nullptr) {
      EXPECT_NE(p, last_end - 1);
    }
    last_end = p + count;
  }
}

TEST(scratch, gives_matrices_whose_rows_lie_next_to_each_other) {
  heed::scratch memory;
  heed::scratch::frame frame(memory);
  auto m = frame.take_matrix<int>(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(m.data()[i], i + 1);
  EXPECT_GE(frame.take<int>(1), m.data() + 6);
}

TEST(scratch, keeps_what_an_inner_frame_does_not_own) {
  heed::scratch memory;
  heed::scratch::frame outer(memory);
  int* const a = outer.take<int>(100);
  for (int i = 0; i < 100; ++i) a[i] = i;
  int* inner_first = nullptr;
  for (int round = 0; round < 3; ++round) {
    heed::scratch::frame inner(memory);
    int* const b = inner.take<int>(100000);
    for (int i = 0; i < 100000; ++i) b[i] = -1;
    if (round == 0) inner_first = b;
    EXPECT_EQ(b, inner_first) << "given back and taken again";
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a[i], i);
}

TEST(scratch, does_not_grow_when_the_same_is_taken_again) {
  heed::scratch memory;
  const auto use = [&] {
    heed::scratch::frame frame(memory);
    frame.take<float>(5000);
    frame.take<float>(50000);
    frame.take<float>(7);
    memory.prepare_workers(3, 1000);
    heed::scratch::frame other(memory.worker(2));
    other.take<float>(100);
  };
  use();
  const std::size_t bytes = memory.bytes();
  use();
  EXPECT_EQ(memory.bytes(), bytes);
  EXPECT_GE(bytes, 55007 * sizeof(float));
}

}  // namespace
