// SPDX-License-Identifier: MIT
// Super-blocks written out by hand: 0x3C00 is a half of 1, 0x3800 of 0.5, 0x4000 of 2.
#include <heed/storage/k_quants.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace heed::detail {
namespace {

template <class Block>
struct super_block {
  std::vector<std::uint8_t> bytes =
      std::vector<std::uint8_t>(static_cast<std::size_t>(Block::bytes));

  void set_half(std::size_t place, int bits) {
    bytes[place] = static_cast<std::uint8_t>(bits & 255);
    bytes[place + 1] = static_cast<std::uint8_t>(bits >> 8);
  }
  [[nodiscard]] std::vector<float> decoded() const {
    std::vector<float> values(256);
    Block::decode(bytes.data(), values.data());
    return values;
  }
};

TEST(Q2_K, DecodesByHand) {
  super_block<q2_k_block> block;
  block.set_half(80, 0x3C00);
  block.set_half(82, 0x3800);
  block.bytes[0] = 0x43;              // part 0: scale 3, least 4
  block.bytes[3] = 0x0F;              // part 3: scale 15, least 0
  block.bytes[15] = 0xF1;             // part 15: scale 1, least 15
  block.bytes[16] = 0b11100100;       // values 0, 32, 64, 96: 0, 1, 2, 3
  block.bytes[16 + 16] = 0b00001000;  // values 16, 48, 80, 112: 0, 2, 0, 0
  block.bytes[16 + 63] = 0b11000000;  // value 255: 3
  const auto values = block.decoded();
  EXPECT_EQ(values[0], 0 * 3 - 2);
  EXPECT_EQ(values[1], -2);
  EXPECT_EQ(values[32], 0);  // part 2 has a scale of 0
  EXPECT_EQ(values[48], 2 * 15);
  EXPECT_EQ(values[49], 0);
  EXPECT_EQ(values[255], 3 - 7.5f);
  EXPECT_EQ(values[240], -7.5f);
}

TEST(Q3_K, DecodesByHand) {
  super_block<q3_k_block> block;
  block.set_half(108, 0x3800);
  // Scales from -32 on: part 0 gets 0b10'0001 = 33 - 32, part 8 the upper half of byte 0: 0b00'0010.
  block.bytes[96] = 0x21;
  block.bytes[104] = 0b00000010;
  // Part 13 (upper half of byte 96 + 5, bits 6 and 7 of byte 104 + 1): 0b11'1111 = 63 - 32.
  block.bytes[96 + 5] = 0xF0;
  block.bytes[104 + 1] = 0b11000000;
  block.bytes[32] = 0b00000011;            // value 0: 3
  block.bytes[0] = 0b00000001;             // value 0 has its third bit, so 4 is not taken away
  block.bytes[32 + 32 + 16] = 0b10000000;  // value 128 + 96 + 16 = 240, part 15: 2
  block.bytes[32 + 32 + 17] = 0b00100000;  // value 128 + 64 + 17 = 209, part 13: 2
  block.bytes[17] = 0b01000000;            // value 6 * 32 + 17 = 209: third bit
  const auto values = block.decoded();
  EXPECT_EQ(values[0], 0.5f * 1 * 3);
  EXPECT_EQ(values[1], 0.5f * 1 * -4);
  EXPECT_EQ(values[128], 0.5f * -30 * -4);
  EXPECT_EQ(values[209], 0.5f * 31 * 2);
  EXPECT_EQ(values[208], 0.5f * 31 * -4);
  EXPECT_EQ(values[240], 0.5f * -32 * -2);
}

template <class Block>
super_block<Block> with_part_scales() {
  super_block<Block> block;
  block.set_half(0, 0x3C00);          // 1
  block.set_half(2, 0x3800);          // 0.5
  block.bytes[4 + 0] = 0b10'000101;   // part 0: scale 5; upper bits of part 4's scale: 2
  block.bytes[4 + 4] = 0b01'000110;   // part 0: least 6; upper bits of part 4's least: 1
  block.bytes[4 + 3] = 0b11'111111;   // part 3: scale 63; part 7's upper bits: 3
  block.bytes[4 + 8] = 0b1001'0111;   // part 4: lower bits of scale 7, of least 9
  block.bytes[4 + 11] = 0b0000'0001;  // part 7: 1 and 0
  return block;
}

TEST(Q4_K, DecodesByHand) {
  auto block = with_part_scales<q4_k_block>();
  block.bytes[16] = 0xA3;            // value 0: 3, value 32 (part 1): 10
  block.bytes[16 + 32] = 0xF0;       // value 64: 0, value 96 (part 3): 15
  block.bytes[16 + 64 + 31] = 0x02;  // value 159 (part 4): 2
  block.bytes[16 + 96] = 0x40;       // value 224 (part 7): 4
  const auto values = block.decoded();
  EXPECT_EQ(values[0], 5 * 3 - 3);
  EXPECT_EQ(values[1], -3);
  EXPECT_EQ(values[32], 0);
  EXPECT_EQ(values[96], 63 * 15);
  EXPECT_EQ(values[159], (2 * 16 + 7) * 2 - 0.5f * (16 + 9));
  EXPECT_EQ(values[224], (3 * 16 + 1) * 4);
}

TEST(Q5_K, DecodesByHand) {
  auto block = with_part_scales<q5_k_block>();
  block.bytes[16] = 0b10001001;      // values 0, 96 and 224 have a fifth bit
  block.bytes[48] = 0xA3;            // value 0: 3
  block.bytes[48 + 32] = 0xF0;       // value 96: 15
  block.bytes[48 + 64 + 31] = 0x02;  // value 159: 2
  block.bytes[48 + 96] = 0x40;       // value 224: 4
  const auto values = block.decoded();
  EXPECT_EQ(values[0], 5 * 19 - 3);
  EXPECT_EQ(values[96], 63 * 31);
  EXPECT_EQ(values[159], (2 * 16 + 7) * 2 - 0.5f * (16 + 9));
  EXPECT_EQ(values[224], (3 * 16 + 1) * 20);
}

TEST(Q6_K, DecodesByHand) {
  super_block<q6_k_block> block;
  block.set_half(208, 0x4000);            // 2
  block.bytes[192] = 0xFD;                // part 0: -3
  block.bytes[192 + 5] = 0x80;            // part 5: -128
  block.bytes[192 + 15] = 0x7F;           // part 15: 127
  block.bytes[0] = 0x51;                  // value 0: 1, value 64: 5
  block.bytes[16] = 0xA0;                 // value 16: 0, value 80 (part 5): 10
  block.bytes[128] = 0b00'00'00'10;       // value 0: upper bits 2
  block.bytes[128 + 16] = 0b00'11'00'00;  // value 64 + 16 = 80: upper bits 3
  block.bytes[64 + 63] = 0xF0;            // value 255: 15
  block.bytes[128 + 63] = 0b11'00'00'00;  // value 255: upper bits 3
  const auto values = block.decoded();
  EXPECT_EQ(values[0], 2 * -3 * (33 - 32));
  EXPECT_EQ(values[1], 2 * -3 * -32);
  EXPECT_EQ(values[80], 2 * -128 * (58 - 32));
  EXPECT_EQ(values[255], 2 * 127 * 31);
  EXPECT_EQ(values[64], 0);
}

TEST(Q8_K, DecodesByHand) {
  super_block<q8_k_block> block;
  block.set_half(2, 0x3E80);  // a float of 0.25
  block.bytes[4] = 0x80;
  block.bytes[4 + 255] = 0x05;
  block.bytes[4 + 256] = 0x11;  // sums of parts, which decoding does not need
  const auto values = block.decoded();
  EXPECT_EQ(values[0], -32);
  EXPECT_EQ(values[255], 1.25f);
  EXPECT_EQ(values[1], 0);
}

}  // namespace
}  // namespace heed::detail
