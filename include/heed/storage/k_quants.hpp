// SPDX-License-Identifier: MIT
// GGUF's super-blocks of 256 values, whose parts of 16 or 32 have small integer scales: Q2_K to Q6_K, Q8_K.
//
//   heed::detail::q4_k_block::decode(block, values);  // 144 bytes into 256 floats
//
// A value is scale * part's scale * number - least * part's least. The products are exact in float (11
// bits of a half, at most 7 of a part's scale and 5 of a number), so that a multiply-add gives the same bits.
#pragma once

#include <heed/storage/blocks_of_32.hpp>  // load_half, unpack_bits

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Values of parts of Part numbers: scales[p] * numbers[i] - leasts[p], where p is the part of i.
template <index Part, class Number>
void scale_parts(const float* scales, const float* leasts, const Number* numbers, float* to) {
  for (index p = 0; p < 256 / Part; ++p)
    for (index i = p * Part; i < (p + 1) * Part; ++i)
      to[i] = scales[p] * static_cast<float>(numbers[i]) - leasts[p];
}
template <index Part, class Number>
void scale_parts(const float* scales, const Number* numbers, float* to) {
  for (index p = 0; p < 256 / Part; ++p)
    for (index i = p * Part; i < (p + 1) * Part; ++i)
      to[i] = scales[p] * static_cast<float>(numbers[i]);
}

// The eight scales and leasts of Q4_K and Q5_K, 6 bits each in 12 bytes: the first four scales and
// leasts in the lower bits of bytes 0 to 3 and 4 to 7, the others' lower halves in bytes 8 to 11 and
// their upper two bits on top of bytes 0 to 7.
struct part_scales {
  float scales[8], leasts[8];

  // `block` begins with the halves of scale and least, then the 12 bytes.
  explicit part_scales(const std::uint8_t* block) {
    const float scale = load_half(block), least = load_half(block + 2);
    const std::uint8_t* packed = block + 4;
    for (index i = 0; i < 4; ++i) {
      set(i, scale, packed[i] & 63, least, packed[i + 4] & 63);
      set(i + 4, scale, (packed[i + 8] & 15) | (packed[i] >> 6 << 4), least,
          (packed[i + 8] >> 4) | (packed[i + 4] >> 6 << 4));
    }
  }

 private:
  void set(index part, float scale, int its_scale, float least, int its_least) {
    scales[part] = scale * static_cast<float>(its_scale);
    leasts[part] = least * static_cast<float>(its_least);
  }
};

// (16: a part's scale in the lower half of a byte, its least in the upper) (64: numbers of 2 bits)
// (2: scale) (2: least)
struct q2_k_block {
  static constexpr index values = 256, bytes = 84;

  static void decode(const std::uint8_t* block, float* to) {
    const float scale = load_half(block + 80), least = load_half(block + 82);
    float scales[16], leasts[16];
    for (index p = 0; p < 16; ++p) {
      scales[p] = scale * static_cast<float>(block[p] & 15);
      leasts[p] = least * static_cast<float>(block[p] >> 4);
    }
    std::uint8_t numbers[256];
    unpack_bits<2, 32, 256>(block + 16, numbers);
    scale_parts<16>(scales, leasts, numbers, to);
  }
};

// (32: third bits) (64: lower two bits) (12: the parts' scales, 6 bits, from -32 on) (2: scale)
struct q3_k_block {
  static constexpr index values = 256, bytes = 110;

  static void decode(const std::uint8_t* block, float* to) {
    const float scale = load_half(block + 108);
    std::uint8_t lower_bits[16], upper_bits[16];
    unpack_bits<4, 8, 16>(block + 96, lower_bits);
    unpack_bits<2, 4, 16>(block + 104, upper_bits);
    float scales[16];
    for (index p = 0; p < 16; ++p)
      scales[p] = scale * static_cast<float>((lower_bits[p] | (upper_bits[p] << 4)) - 32);

    std::uint8_t low[256], high[256];
    unpack_bits<1, 32, 256>(block, high);
    unpack_bits<2, 32, 256>(block + 32, low);
    std::int8_t numbers[256];
    for (index i = 0; i < 256; ++i)
      numbers[i] = static_cast<std::int8_t>((low[i] | (high[i] << 2)) - 4);
    scale_parts<16>(scales, numbers, to);
  }
};

// (2: scale) (2: least) (12: the parts' scales and leasts) (128: numbers of 4 bits)
struct q4_k_block {
  static constexpr index values = 256, bytes = 144;

  static void decode(const std::uint8_t* block, float* to) {
    const part_scales parts(block);
    std::uint8_t numbers[256];
    unpack_bits<4, 32, 256>(block + 16, numbers);
    scale_parts<32>(parts.scales, parts.leasts, numbers, to);
  }
};

// (2: scale) (2: least) (12: the parts' scales and leasts) (32: fifth bits) (128: lower four bits)
struct q5_k_block {
  static constexpr index values = 256, bytes = 176;

  static void decode(const std::uint8_t* block, float* to) {
    const part_scales parts(block);
    std::uint8_t fifth[256], numbers[256];
    unpack_bits<1, 32, 256>(block + 16, fifth);
    unpack_bits<4, 32, 256>(block + 48, numbers);
    for (index i = 0; i < 256; ++i)
      numbers[i] = static_cast<std::uint8_t>(numbers[i] | (fifth[i] << 4));
    scale_parts<32>(parts.scales, parts.leasts, numbers, to);
  }
};

// (128: lower four bits) (64: upper two bits) (16: the parts' scales, signed) (2: scale)
struct q6_k_block {
  static constexpr index values = 256, bytes = 210;

  static void decode(const std::uint8_t* block, float* to) {
    const float scale = load_half(block + 208);
    float scales[16];
    for (index p = 0; p < 16; ++p)
      scales[p] = scale * static_cast<float>(static_cast<std::int8_t>(block[192 + p]));

    std::uint8_t low[256], high[256];
    unpack_bits<4, 64, 256>(block, low);
    unpack_bits<2, 32, 256>(block + 128, high);
    std::int8_t numbers[256];
    for (index i = 0; i < 256; ++i)
      numbers[i] = static_cast<std::int8_t>((low[i] | (high[i] << 4)) - 32);
    scale_parts<16>(scales, numbers, to);
  }
};

// (4: scale, a float) (256: signed numbers of 8 bits) (32: sums of the numbers of each part)
struct q8_k_block {
  static constexpr index values = 256, bytes = 292;

  static void decode(const std::uint8_t* block, float* to) {
    float scale = 0;
    std::memcpy(&scale, block, sizeof scale);
    for (index i = 0; i < 256; ++i)
      to[i] = scale * static_cast<float>(static_cast<std::int8_t>(block[4 + i]));
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
