// SPDX-License-Identifier: MIT
// Stored matrices: rows and parts of rows, by hand.
#include <heed/storage/stored_matrix.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace heed {
namespace {

using floats = std::vector<float>;

TEST(stored_matrix, reads_rows_of_single_numbers) {
  const std::int8_t numbers[] = {1, -2, 3, 4, 5, -128, 7, 8, 127, 10, 11, 12};
  const stored_matrix w{dtype::i8, 3, 4, reinterpret_cast<const std::byte*>(numbers)};
  EXPECT_TRUE(w.given());
  EXPECT_EQ(w.row_bytes(), 4);
  floats read(8);
  w.read(1, 2, read.data());
  EXPECT_EQ(read, (floats{5, -128, 7, 8, 127, 10, 11, 12}));
  floats two(2);
  w.read_part(0, 1, 2, two.data());
  EXPECT_EQ(two, (floats{-2, 3}));
  const stored_matrix last = w.rows_of(2, 1);
  EXPECT_EQ(last.rows, 1);
  EXPECT_EQ(last.cols, 4);
  last.read_part(0, 0, 2, two.data());
  EXPECT_EQ(two, (floats{127, 10}));
  EXPECT_FALSE(stored_matrix().given());
}

// Two rows of two blocks: a half (0x3800 is 0.5, 0x4000 is 2) and 32 integers of 8 bits.
TEST(stored_matrix, reads_rows_of_blocks) {
  std::vector<std::uint8_t> bytes(4 * 34);
  const auto block = [&](std::size_t i, int half, int first, int last) {
    bytes[i * 34 + 1] = static_cast<std::uint8_t>(half >> 8);
    bytes[i * 34 + 2] = static_cast<std::uint8_t>(first);
    bytes[i * 34 + 33] = static_cast<std::uint8_t>(last);
  };
  block(0, 0x3800, 2, 4);
  block(1, 0x4000, 3, 5);
  block(2, 0x4000, 6, 7);
  block(3, 0x3800, 8, 255);  // -1
  const stored_matrix w{dtype::q8_0, 2, 64, reinterpret_cast<const std::byte*>(bytes.data())};
  EXPECT_EQ(w.row_bytes(), 2 * 34);
  floats all(128);
  w.read(0, 2, all.data());
  floats want(128);
  want[0] = 1, want[31] = 2, want[32] = 6, want[63] = 10;
  want[64] = 12, want[95] = 14, want[96] = 4, want[127] = -0.5f;
  EXPECT_EQ(all, want);
  floats part(32);
  w.read_part(1, 32, 32, part.data());
  EXPECT_EQ(part, floats(want.begin() + 96, want.end()));
  w.rows_of(1, 1).read_part(0, 0, 32, part.data());
  EXPECT_EQ(part, floats(want.begin() + 64, want.begin() + 96));
}

TEST(stored_matrix, keeps_the_owner_of_its_bytes) {
  auto owner = std::make_shared<std::array<std::byte, 4>>();
  const stored_matrix w{dtype::i8, 2, 2, owner->data(), owner};
  const stored_matrix row = w.rows_of(1, 1);
  EXPECT_EQ(owner.use_count(), 3);
}

}  // namespace
}  // namespace heed
