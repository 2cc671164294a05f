// SPDX-License-Identifier: MIT
#include <heed/io/data_range.hpp>

#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed::detail {
namespace {

std::string refusal(std::vector<data_range> ranges, std::uint64_t alignment) {
  return support::refusal<file_error>([&] { check_ranges("f", ranges, alignment); });
}

TEST(DataRange, RoundsUp) {
  EXPECT_EQ(aligned_up(0, 32), 0u);
  EXPECT_EQ(aligned_up(1, 32), 32u);
  EXPECT_EQ(aligned_up(32, 32), 32u);
  EXPECT_EQ(aligned_up(7, 1), 7u);
}

TEST(DataRange, MayFollowEachOtherInAnyOrder) {
  std::vector<data_range> ranges = {{"b", 8, 24}, {"none", 8, 8}, {"a", 0, 8}};
  EXPECT_EQ(check_ranges("f", ranges, 1), 24u);
  ranges.clear();
  EXPECT_EQ(check_ranges("f", ranges, 1), 0u);
}

TEST(DataRange, RefusesOverlapsAndHoles) {
  EXPECT_EQ(refusal({{"a", 0, 8}, {"b", 4, 12}}, 1),
            "f: tensors \"a\" and \"b\" overlap: one ends at byte 8 of the data, the other begins "
            "at 4");
  EXPECT_EQ(refusal({{"a", 0, 8}, {"b", 0, 8}}, 1).find("f: tensors \"a\" and \"b\" overlap"), 0u);
  EXPECT_EQ(refusal({{"a", 0, 8}, {"b", 9, 12}}, 1),
            "f: 1 bytes before tensor \"b\" belong to no tensor: it begins at byte 9 of the data, "
            "what is before it ends at 8");
  EXPECT_NE(refusal({{"a", 4, 8}}, 1), "accepted");
}

TEST(DataRange, LeavesRoomForAlignment) {
  EXPECT_EQ(refusal({{"a", 0, 33}, {"b", 64, 65}}, 32), "accepted");
  EXPECT_NE(refusal({{"a", 0, 32}, {"b", 64, 65}}, 32), "accepted");
}

}  // namespace
}  // namespace heed::detail
