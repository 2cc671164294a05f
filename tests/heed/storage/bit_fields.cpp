// SPDX-License-Identifier: MIT
#include <heed/storage/bit_fields.hpp>

#include <gtest/gtest.h>

#include <array>

namespace heed::detail {
namespace {

TEST(BitFields, LowerHalvesOfARunComeBeforeUpperOnes) {
  const std::array<std::uint8_t, 4> packed = {0x21, 0x43, 0x65, 0x87};
  std::array<std::uint8_t, 8> numbers{};
  unpack_bits<4, 2, 8>(packed.data(), numbers.data());
  EXPECT_EQ(numbers, (std::array<std::uint8_t, 8>{1, 3, 2, 4, 5, 7, 6, 8}));
  unpack_bits<4, 4, 8>(packed.data(), numbers.data());
  EXPECT_EQ(numbers, (std::array<std::uint8_t, 8>{1, 3, 5, 7, 2, 4, 6, 8}));
}

TEST(BitFields, TwoBitsFromTheLowestUp) {
  const std::uint8_t packed = 0b11'10'01'00;
  std::array<std::uint8_t, 4> numbers{};
  unpack_bits<2, 1, 4>(&packed, numbers.data());
  EXPECT_EQ(numbers, (std::array<std::uint8_t, 4>{0, 1, 2, 3}));
}

TEST(BitFields, SingleBits) {
  const std::array<std::uint8_t, 2> packed = {0b0000'0101, 0b1000'0000};
  std::array<std::uint8_t, 16> numbers{};
  unpack_bits<1, 1, 16>(packed.data(), numbers.data());
  EXPECT_EQ(numbers,
            (std::array<std::uint8_t, 16>{1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

template <index Bits, index Run, index Count>
void expect_inverse() {
  constexpr auto count = static_cast<std::size_t>(Count);
  std::array<std::uint8_t, count * Bits / 8> packed{}, again{};
  for (std::size_t i = 0; i < packed.size(); ++i)
    packed[i] = static_cast<std::uint8_t>(37 * i + 11);
  std::array<std::uint8_t, count> numbers{};
  unpack_bits<Bits, Run, Count>(packed.data(), numbers.data());
  pack_bits<Bits, Run, Count>(numbers.data(), again.data());
  EXPECT_EQ(again, packed) << Bits << ' ' << Run << ' ' << Count;
}
TEST(BitFields, PackingIsTheInverse) {
  expect_inverse<1, 1, 32>();
  expect_inverse<1, 32, 256>();
  expect_inverse<2, 32, 256>();
  expect_inverse<4, 16, 32>();
  expect_inverse<4, 64, 256>();
}

TEST(BitFields, PackingTakesTheLowestBits) {
  const std::array<std::uint8_t, 2> numbers = {0x1F, 0xF2};
  std::uint8_t packed = 0;
  pack_bits<4, 1, 2>(numbers.data(), &packed);
  EXPECT_EQ(packed, 0x2F);
}

}  // namespace
}  // namespace heed::detail
