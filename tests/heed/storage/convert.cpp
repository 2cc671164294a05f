// SPDX-License-Identifier: MIT
#include <heed/storage/convert.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace heed::detail {
namespace {

// Numbers as a file has them, one byte behind an even address.
template <class Number>
std::vector<std::byte> misaligned(const std::vector<Number>& numbers) {
  std::vector<std::byte> bytes(1 + numbers.size() * sizeof(Number));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    std::memcpy(bytes.data() + 1 + i * sizeof(Number), &numbers[i], sizeof(Number));
  return bytes;
}
template <class Number>
std::vector<float> floats(dtype type, const std::vector<Number>& numbers) {
  std::vector<float> read(numbers.size());
  to_float(type, misaligned(numbers).data() + 1, index(numbers.size()), read.data());
  return read;
}

TEST(Convert, EveryNumberThatStandsAlone) {
  using values = std::vector<float>;
  EXPECT_EQ(floats<double>(dtype::f64, {0.1, -2}), (values{0.1f, -2}));
  EXPECT_EQ(floats<float>(dtype::f32, {0.1f, -2}), (values{0.1f, -2}));
  EXPECT_EQ(floats<std::uint16_t>(dtype::f16, {0x3C01, 0xC000, 0x0001}),
            (values{1 + std::ldexp(1.0f, -10), -2, std::ldexp(1.0f, -24)}));
  EXPECT_EQ(floats<std::uint16_t>(dtype::bf16, {0x3F81, 0xC000, 0x0001}),
            (values{1 + std::ldexp(1.0f, -7), -2, std::ldexp(1.0f, -133)}));
  EXPECT_EQ(floats<std::uint8_t>(dtype::f8_e4m3, {0x39, 0xC0}), (values{1.125f, -2}));
  EXPECT_EQ(floats<std::uint8_t>(dtype::f8_e5m2, {0x3D, 0xC0}), (values{1.25f, -2}));
  EXPECT_EQ(floats<std::int8_t>(dtype::i8, {-128, 127}), (values{-128, 127}));
  EXPECT_EQ(floats<std::int16_t>(dtype::i16, {-32768, 7}), (values{-32768, 7}));
  EXPECT_EQ(floats<std::int32_t>(dtype::i32, {-16777217, 7}), (values{-16777216, 7}));
  EXPECT_EQ(floats<std::int64_t>(dtype::i64, {-(std::int64_t(1) << 40)}),
            (values{-std::ldexp(1.0f, 40)}));
  EXPECT_EQ(floats<std::uint8_t>(dtype::u8, {255, 0}), (values{255, 0}));
  EXPECT_EQ(floats<std::uint16_t>(dtype::u16, {65535}), (values{65535}));
  EXPECT_EQ(floats<std::uint32_t>(dtype::u32, {0x80000000}), (values{std::ldexp(1.0f, 31)}));
  EXPECT_EQ(floats<std::uint64_t>(dtype::u64, {std::uint64_t(1) << 63}),
            (values{std::ldexp(1.0f, 63)}));
  EXPECT_EQ(floats<std::uint8_t>(dtype::boolean, {0, 1, 2}), (values{0, 1, 1}));
}

TEST(Convert, LongRunsAreWhole) {
  std::vector<std::int16_t> numbers(1000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int16_t>(i);
  const auto read = floats(dtype::i16, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(read[i], float(i));
}

TEST(Convert, BlocksFollowEachOther) {
  const std::vector<float> values = [] {
    std::vector<float> some(96, 0.0f);
    some[0] = -8, some[32] = -4, some[95] = 16;
    return some;
  }();
  for (const dtype type : {dtype::q4_0, dtype::q4_1, dtype::q5_0, dtype::q5_1, dtype::q8_0,
                           dtype::f16, dtype::bf16, dtype::f32, dtype::f64}) {
    const auto bytes = static_cast<std::size_t>(bytes_of(type, 96));
    std::vector<std::byte> stored(bytes + 2, std::byte(0x5A));
    ASSERT_TRUE(from_float(type, values.data(), 96, stored.data() + 1)) << name_of(type);
    EXPECT_EQ(stored.front(), std::byte(0x5A)) << name_of(type);
    EXPECT_EQ(stored.back(), std::byte(0x5A)) << name_of(type);
    std::vector<float> back(96);
    to_float(type, stored.data() + 1, 96, back.data());
    for (std::size_t i = 0; i < 96; ++i)
      EXPECT_NEAR(back[i], values[i], 0.01) << name_of(type) << ' ' << i;
  }
}

TEST(Convert, WritesNothingForOtherTypes) {
  const std::vector<float> values(256, 1.0f);
  std::vector<std::byte> stored(300, std::byte(0x5A));
  for (const dtype type : {dtype::i8, dtype::u64, dtype::boolean, dtype::f8_e4m3, dtype::q2_k,
                           dtype::q6_k, dtype::q8_k}) {
    EXPECT_FALSE(from_float(type, values.data(), 256, stored.data())) << name_of(type);
    for (const std::byte b : stored) ASSERT_EQ(b, std::byte(0x5A)) << name_of(type);
  }
}

}  // namespace
}  // namespace heed::detail
