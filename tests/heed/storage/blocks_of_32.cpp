// SPDX-License-Identifier: MIT
// Blocks written out by hand: 0x3C00 is a half of 1, 0x3800 of 0.5, 0xC000 of -2.
#include <heed/storage/blocks_of_32.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace heed::detail {
namespace {

template <class Block>
using bytes_of_block = std::array<std::uint8_t, static_cast<std::size_t>(Block::bytes)>;

template <class Block>
std::vector<float> decoded(const bytes_of_block<Block>& block) {
  std::vector<float> values(32);
  Block::decode(block.data(), values.data());
  return values;
}
template <class Block>
bytes_of_block<Block> encoded(const std::vector<float>& values) {
  bytes_of_block<Block> block{};
  Block::encode(values.data(), block.data());
  return block;
}
template <class Block>
std::vector<float> there_and_back(const std::vector<float>& values) {
  return decoded<Block>(encoded<Block>(values));
}

TEST(Q4_0, DecodesLowerHalvesFirst) {
  bytes_of_block<q4_0_block> block{0x00, 0x38};  // 0.5
  block[2] = 0xF0;                               // value 0: 0, value 16: 15
  block[17] = 0x98;                              // value 15: 8, value 31: 9
  const auto values = decoded<q4_0_block>(block);
  EXPECT_EQ(values[0], -4);
  EXPECT_EQ(values[16], 3.5f);
  EXPECT_EQ(values[15], 0);
  EXPECT_EQ(values[31], 0.5f);
  EXPECT_EQ(values[1], -4);
}

TEST(Q4_1, AddsTheLeast) {
  bytes_of_block<q4_1_block> block{0x00, 0x38, 0x00, 0xC0};  // 0.5, -2
  block[4] = 0xF3;
  const auto values = decoded<q4_1_block>(block);
  EXPECT_EQ(values[0], -0.5f);
  EXPECT_EQ(values[16], 5.5f);
  EXPECT_EQ(values[5], -2);
}

TEST(Q5_0, HasAFifthBit) {
  bytes_of_block<q5_0_block> block{0x00, 0x3C};  // 1
  block[2] = 0x01;                               // value 0
  block[5] = 0x80;                               // value 31
  block[6] = 0x02;
  block[21] = 0xF0;
  const auto values = decoded<q5_0_block>(block);
  EXPECT_EQ(values[0], 2);    // 16 + 2 - 16
  EXPECT_EQ(values[31], 15);  // 16 + 15 - 16
  EXPECT_EQ(values[1], -16);
  EXPECT_EQ(values[15], -16);
}

TEST(Q5_1, HasAFifthBitAndALeast) {
  bytes_of_block<q5_1_block> block{0x00, 0x3C, 0x00, 0xC0};  // 1, -2
  block[5] = 0x02;                                           // value 9
  block[8 + 9] = 0x15;
  const auto values = decoded<q5_1_block>(block);
  EXPECT_EQ(values[9], 16 + 5 - 2);
  EXPECT_EQ(values[25], 1 - 2);
  EXPECT_EQ(values[0], -2);
}

TEST(Q8_0, NumbersAreSigned) {
  bytes_of_block<q8_0_block> block{0x00, 0x38};
  block[2] = 0x7F;
  block[3] = 0x80;
  block[33] = 0xFF;
  const auto values = decoded<q8_0_block>(block);
  EXPECT_EQ(values[0], 63.5f);
  EXPECT_EQ(values[1], -64);
  EXPECT_EQ(values[31], -0.5f);
}

TEST(Q4_0, EncodesTheFarthestAsTheLowestNumber) {
  std::vector<float> values(32, 0.0f);
  values[0] = 4;      // the farthest: scale -0.5, number 0
  values[1] = -3.5f;  // 7 steps: 15
  values[2] = -4;     // 8 steps: 16 is cut to 15
  values[3] = 0.25f;  // half a step: -0.5 + 8.5 = 8
  values[4] = 0.26f;  // 7.98 is cut to 7
  values[20] = 1;     // 8 - 2 = 6
  const auto block = encoded<q4_0_block>(values);
  EXPECT_EQ(block[0], 0x00);
  EXPECT_EQ(block[1], 0xB8);  // -0.5
  EXPECT_EQ(block[2], 0x80);
  EXPECT_EQ(block[3], 0x8F);
  EXPECT_EQ(block[4], 0x8F);
  EXPECT_EQ(block[5], 0x88);
  EXPECT_EQ(block[6], 0x67);
  EXPECT_EQ(block[7], 0x88);
  EXPECT_EQ(decoded<q4_0_block>(block)[0], 4);
  EXPECT_EQ(decoded<q4_0_block>(block)[20], 1);
}

TEST(Q4_0, TheFirstOfTwoFarthestGivesTheScale) {
  std::vector<float> values(32, 0.0f);
  values[7] = -8;
  values[9] = 8;
  const auto block = encoded<q4_0_block>(values);
  EXPECT_EQ(block[1], 0x3C);
  EXPECT_EQ(decoded<q4_0_block>(block)[7], -8);
  EXPECT_EQ(decoded<q4_0_block>(block)[9], 7);
}

TEST(Q4_1, EncodesFromTheLeast) {
  std::vector<float> values(32, -2.0f);
  values[0] = 5.5f;    // scale (5.5 + 2) / 15 = 0.5
  values[1] = -1.75f;  // half a step: 0.5 + 0.5 = 1
  values[2] = -1.76f;  // less: 0
  values[16] = 0;      // 4
  const auto block = encoded<q4_1_block>(values);
  EXPECT_EQ(block, (bytes_of_block<q4_1_block>{0x00, 0x38, 0x00, 0xC0, 0x4F, 0x01}));
}

TEST(Q5_0, Encodes) {
  std::vector<float> values(32, 0.0f);
  values[0] = -16;  // the farthest: scale 1, number 0
  values[1] = 15;   // 31
  values[31] = -1;  // 15
  const auto block = encoded<q5_0_block>(values);
  EXPECT_EQ(block[0], 0x00);
  EXPECT_EQ(block[1], 0x3C);
  EXPECT_EQ(block[2], 0xFE);  // fifth bits: all have one but values 0 and 31
  EXPECT_EQ(block[5], 0x7F);
  EXPECT_EQ(block[6], 0x00);
  EXPECT_EQ(block[7], 0x0F);
  EXPECT_EQ(block[21], 0xF0);
  EXPECT_EQ(decoded<q5_0_block>(block), values);
}

TEST(Q5_1, Encodes) {
  std::vector<float> values(32);
  for (int i = 0; i < 32; ++i) values[static_cast<std::size_t>(i)] = float(i) / 2 - 3;
  const auto block = encoded<q5_1_block>(values);
  EXPECT_EQ(block[0], 0x00);
  EXPECT_EQ(block[1], 0x38);
  EXPECT_EQ(block[2], 0x00);
  EXPECT_EQ(block[3], 0xC2);  // -3
  EXPECT_EQ(block[4], 0x00);
  EXPECT_EQ(block[6], 0xFF);
  EXPECT_EQ(block[8], 0x00);
  EXPECT_EQ(block[9], 0x11);
  EXPECT_EQ(decoded<q5_1_block>(block), values);
}

TEST(Q8_0, RoundsHalvesAwayFromZero) {
  std::vector<float> values(32, 0.0f);
  values[0] = 127;
  values[1] = 2.5f;
  values[2] = -2.5f;
  values[3] = 2.4f;
  values[4] = -127;
  values[5] = -0.49999997f;
  const auto back = there_and_back<q8_0_block>(values);
  EXPECT_EQ(back[0], 127);
  EXPECT_EQ(back[1], 3);
  EXPECT_EQ(back[2], -3);
  EXPECT_EQ(back[3], 2);
  EXPECT_EQ(back[4], -127);
  EXPECT_EQ(back[5], 0);
}

// Multiples of 0.1 often lie half a step between two numbers. Compilers for processors with a fused
// multiply-add must round as the others do: volatile keeps each step apart.
TEST(Q4_0, RoundsProductsBeforeSums) {
  for (int seed = 0; seed < 2000; ++seed) {
    std::vector<float> values(32);
    for (int i = 0; i < 32; ++i)
      values[static_cast<std::size_t>(i)] =
          static_cast<float>((seed * 31 + i * i * 7 + i * seed) % 33 - 16) * 0.1f;
    float farthest = 0;
    for (const float x : values)
      if (std::abs(x) > std::abs(farthest)) farthest = x;
    const float step = farthest / -8, inverse = farthest < 0 || farthest > 0 ? 1 / step : 0;

    const auto block = encoded<q4_0_block>(values);
    std::array<std::uint8_t, 32> numbers{};
    unpack_bits<4, 16, 32>(block.data() + 2, numbers.data());
    for (std::size_t i = 0; i < 32; ++i) {
      const volatile float product = values[i] * inverse;
      const volatile float sum = product + 8.5f;
      ASSERT_EQ(numbers[i], std::min(static_cast<int>(sum), 15)) << seed << ' ' << i;
    }
  }
}

template <class Block>
class Blocks : public testing::Test {};
using all_blocks = testing::Types<q4_0_block, q4_1_block, q5_0_block, q5_1_block, q8_0_block>;
TYPED_TEST_SUITE(Blocks, all_blocks);

TYPED_TEST(Blocks, KeepZerosAndTheSmallestNumbersFinite) {
  for (const float all : {0.0f, -0.0f, 1e-45f, -1e-42f, 1e-38f}) {
    const auto back = there_and_back<TypeParam>(std::vector<float>(32, all));
    for (const float x : back) EXPECT_EQ(x, 0) << all;
    std::vector<float> one(32, 0.0f);
    one[3] = all;
    for (const float x : there_and_back<TypeParam>(one)) EXPECT_EQ(x, 0) << all;
  }
}

TYPED_TEST(Blocks, AreAllNaNIfAValueIsNotFinite) {
  for (const float odd : {HUGE_VALF, -HUGE_VALF, std::nanf("")}) {
    std::vector<float> values(32, 1.0f);
    values[17] = odd;
    for (const float x : there_and_back<TypeParam>(values)) EXPECT_TRUE(std::isnan(x)) << odd;
  }
}

// A step is the range by the largest number; numbers are off by half a step, but one at the far end of
// the symmetric types by a whole one. Scale and least are halves, off by 2^-11 of themselves.
TYPED_TEST(Blocks, AreOffByHalfAStep) {
  const double step = TypeParam::bytes == 18   ? 2.0 / 16
                      : TypeParam::bytes == 20 ? 2.0 / 15
                      : TypeParam::bytes == 22 ? 2.0 / 32
                      : TypeParam::bytes == 24 ? 2.0 / 31
                                               : 2.0 / 254;
  const bool cut = TypeParam::bytes == 18 || TypeParam::bytes == 22;
  std::vector<float> values(32);
  for (int i = 0; i < 32; ++i)
    values[static_cast<std::size_t>(i)] = float(std::sin(1.7 * i * i + 0.3));
  const auto back = there_and_back<TypeParam>(values);
  for (std::size_t i = 0; i < 32; ++i)
    EXPECT_NEAR(back[i], values[i], step * (cut ? 1 : 0.5) + 3 * std::ldexp(1.0, -11)) << i;
}

}  // namespace
}  // namespace heed::detail
