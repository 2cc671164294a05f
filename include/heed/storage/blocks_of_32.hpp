// SPDX-License-Identifier: MIT
// GGUF's blocks of 32 values that share a scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.
//
//   std::uint8_t block[heed::detail::q8_0_block::bytes];
//   heed::detail::q8_0_block::encode(values, block);  // 32 floats into 34 bytes
//   heed::detail::q8_0_block::decode(block, values);  // off by at most the largest / 254, and half's rounding
//
// A value is scale * (number - zero), or scale * number + least. Encoding rounds as ggml's reference
// does, so that files come out with the same bytes.
#pragma once

#include <heed/storage/bit_fields.hpp>  // unpack_bits, pack_bits

#include <heed/core/types.hpp>  // half

#include <algorithm>  // find_if, min
#include <cmath>      // abs, isfinite
#include <cstring>    // memcpy
#include <limits>     // quiet_NaN

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A half at any address, as a float.
inline float load_half(const std::uint8_t* bytes) {
  Eigen::half number;
  std::memcpy(static_cast<void*>(&number), bytes, sizeof number);
  return static_cast<float>(number);
}
// Rounds to the nearest half, which beyond 65504 is infinity.
inline void store_half(float number, std::uint8_t* bytes) {
  const auto rounded = static_cast<Eigen::half>(number);
  std::memcpy(bytes, &rounded, sizeof rounded);
}

// (value - origin) * factor, each operation rounded to float. A function of its own: where a
// compiler can see the product and the sum together, it may form one multiply-add, whose bits
// differ.
HEED_ONE_COPY inline void scale_32(const float* values, float origin, float factor, float* to) {
  for (index i = 0; i < 32; ++i) to[i] = (values[i] - origin) * factor;
}
// 1 / step; 0 where 1 / step would be infinite: all values are then 0 or too small for a scale.
inline float inverse_of(float step) {
  const float inverse = 1 / step;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

// The 32 values of a block before they are encoded. If one of them is infinite or NaN, the block gets a
// scale of NaN, and all its values become NaN.
struct block_range {
  bool finite;
  float least = 0, most = 0;
  float farthest = 0;  // the value of the largest magnitude, the first if several have it

  explicit block_range(const float* values) {
    const Eigen::Map<const Eigen::Array<float, 32, 1>> all(values);
    finite = exactly_equal((all * 0.0f).sum(), 0.0f);
    if (!finite) return;
    // The first of equal values, so that every processor chooses the same one of 0 and -0.
    const float magnitude = all.abs().maxCoeff(), minimum = all.minCoeff();
    farthest = *std::find_if(values, values + 31,
                             [&](float x) { return exactly_equal(std::abs(x), magnitude); });
    least = *std::find_if(values, values + 31, [&](float x) { return exactly_equal(x, minimum); });
    most = all.maxCoeff();
  }
};

// The rounded values as numbers from 0 on, with the scale and the offset that decode them.
struct block_numbers {
  std::uint8_t numbers[32] = {};
  float scale = std::numeric_limits<float>::quiet_NaN();
  float least = std::numeric_limits<float>::quiet_NaN();

  // value = scale * (number - zero): the farthest value becomes number 0.
  static block_numbers about_zero(const float* values, int zero) {
    const block_range range(values);
    block_numbers block;
    if (!range.finite) return block;
    block.scale = range.farthest / static_cast<float>(-zero);
    block.round(values, 0, inverse_of(block.scale), static_cast<float>(zero) + 0.5f, 2 * zero - 1);
    return block;
  }
  // value = scale * number + least.
  static block_numbers from_least(const float* values, int largest) {
    const block_range range(values);
    block_numbers block;
    if (!range.finite) return block;
    block.least = range.least;
    block.scale = (range.most - range.least) / static_cast<float>(largest);
    block.round(values, range.least, inverse_of(block.scale), 0.5f, largest);
    return block;
  }

 private:
  void round(const float* values, float origin, float inverse, float offset, int largest) {
    float scaled[32];
    scale_32(values, origin, inverse, scaled);
    for (index i = 0; i < 32; ++i)
      numbers[i] =
          static_cast<std::uint8_t>((std::min)(static_cast<int>(scaled[i] + offset), largest));
  }
};

// (2: scale) (16: the lower halves of these bytes are values 0 to 15, the upper ones 16 to 31)
struct q4_0_block {
  static constexpr index values = 32, bytes = 18;

  static void decode(const std::uint8_t* block, float* to) {
    std::uint8_t numbers[32];
    unpack_bits<4, 16, 32>(block + 2, numbers);
    const float scale = load_half(block);
    for (index i = 0; i < 32; ++i) to[i] = scale * static_cast<float>(numbers[i] - 8);
  }
  static void encode(const float* from, std::uint8_t* block) {
    const auto rounded = block_numbers::about_zero(from, 8);
    store_half(rounded.scale, block);
    pack_bits<4, 16, 32>(rounded.numbers, block + 2);
  }
};

// (2: scale) (2: least) (16: as in Q4_0)
struct q4_1_block {
  static constexpr index values = 32, bytes = 20;

  static void decode(const std::uint8_t* block, float* to) {
    std::uint8_t numbers[32];
    unpack_bits<4, 16, 32>(block + 4, numbers);
    const float scale = load_half(block), least = load_half(block + 2);
    for (index i = 0; i < 32; ++i) to[i] = scale * static_cast<float>(numbers[i]) + least;
  }
  static void encode(const float* from, std::uint8_t* block) {
    const auto rounded = block_numbers::from_least(from, 15);
    store_half(rounded.scale, block);
    store_half(rounded.least, block + 2);
    pack_bits<4, 16, 32>(rounded.numbers, block + 4);
  }
};

// Numbers of 5 bits. (4: bit i is the fifth bit of value i) (16: the other bits, as in Q4_0)
inline void unpack_five_bits(const std::uint8_t* packed, std::uint8_t* numbers) {
  std::uint8_t fifth[32];
  unpack_bits<1, 1, 32>(packed, fifth);
  unpack_bits<4, 16, 32>(packed + 4, numbers);
  for (index i = 0; i < 32; ++i)
    numbers[i] = static_cast<std::uint8_t>(numbers[i] | (fifth[i] << 4));
}
inline void pack_five_bits(const std::uint8_t* numbers, std::uint8_t* packed) {
  std::uint8_t fifth[32];
  for (index i = 0; i < 32; ++i) fifth[i] = static_cast<std::uint8_t>(numbers[i] >> 4);
  pack_bits<1, 1, 32>(fifth, packed);
  pack_bits<4, 16, 32>(numbers, packed + 4);
}

// (2: scale) (20: numbers of 5 bits)
struct q5_0_block {
  static constexpr index values = 32, bytes = 22;

  static void decode(const std::uint8_t* block, float* to) {
    std::uint8_t numbers[32];
    unpack_five_bits(block + 2, numbers);
    const float scale = load_half(block);
    for (index i = 0; i < 32; ++i) to[i] = scale * static_cast<float>(numbers[i] - 16);
  }
  static void encode(const float* from, std::uint8_t* block) {
    const auto rounded = block_numbers::about_zero(from, 16);
    store_half(rounded.scale, block);
    pack_five_bits(rounded.numbers, block + 2);
  }
};

// (2: scale) (2: least) (20: numbers of 5 bits)
struct q5_1_block {
  static constexpr index values = 32, bytes = 24;

  static void decode(const std::uint8_t* block, float* to) {
    std::uint8_t numbers[32];
    unpack_five_bits(block + 4, numbers);
    const float scale = load_half(block), least = load_half(block + 2);
    for (index i = 0; i < 32; ++i) to[i] = scale * static_cast<float>(numbers[i]) + least;
  }
  static void encode(const float* from, std::uint8_t* block) {
    const auto rounded = block_numbers::from_least(from, 31);
    store_half(rounded.scale, block);
    store_half(rounded.least, block + 2);
    pack_five_bits(rounded.numbers, block + 4);
  }
};

// (2: scale) (32: signed numbers of 8 bits)
struct q8_0_block {
  static constexpr index values = 32, bytes = 34;

  static void decode(const std::uint8_t* block, float* to) {
    const float scale = load_half(block);
    for (index i = 0; i < 32; ++i)
      to[i] = scale * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
  }
  // The farthest value becomes 127 or -127; halves are rounded away from zero.
  static void encode(const float* from, std::uint8_t* block) {
    const block_range range(from);
    const float scale =
        range.finite ? std::abs(range.farthest) / 127 : std::numeric_limits<float>::quiet_NaN();
    const float inverse = inverse_of(scale);
    store_half(scale, block);
    float scaled[32] = {};
    if (range.finite) scale_32(from, 0, inverse, scaled);
    for (index i = 0; i < 32; ++i) {
      const int whole = static_cast<int>(scaled[i]);
      const float rest = scaled[i] - static_cast<float>(whole);  // exact
      const int rounded = whole + (rest >= 0.5f ? 1 : 0) - (rest <= -0.5f ? 1 : 0);
      block[2 + i] = static_cast<std::uint8_t>(rounded);
    }
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
