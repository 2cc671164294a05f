// SPDX-License-Identifier: MIT
// Philox4x32-10 against the known answers that its authors publish with Random123.
#include <heed/simd/philox.hpp>

#include <gtest/gtest.h>

namespace {

using words = std::array<std::uint32_t, 4>;

TEST(random, known_answers) {
  EXPECT_EQ(heed::detail::philox({0, 0, 0, 0}, 0),
            (words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(
      heed::detail::philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff),
      (words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      heed::detail::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
      (words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

template <std::size_t Count>
void expect_side_by_side() {
  const words counter{7, 0xfffffffe, 0x13198a2e, 99};  // the second word overflows
  const std::uint64_t seed = 0x299f31d0a4093822;
  const auto all = heed::detail::philox_side_by_side<Count>(counter, seed);
  for (std::size_t l = 0; l < Count; ++l) {
    const auto second = counter[1] + static_cast<std::uint32_t>(l);
    const words one = heed::detail::philox({counter[0], second, counter[2], counter[3]}, seed);
    for (std::size_t w = 0; w < 4; ++w) EXPECT_EQ(all[w][l], one[w]) << l << " of " << Count;
  }
}

TEST(random, many_side_by_side_are_each_alone) {
  expect_side_by_side<1>();
  expect_side_by_side<2>();
  expect_side_by_side<8>();
  expect_side_by_side<16>();
}

TEST(random, unit_lies_in_the_half_open_interval) {
  EXPECT_EQ(heed::detail::unit(0), 0);
  EXPECT_LT(heed::detail::unit(0xffffffff), 1);
}

}  // namespace
