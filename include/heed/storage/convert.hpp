// SPDX-License-Identifier: MIT
// Values of any dtype to float, and floats to the dtypes that weights are stored in.
//
//   heed::detail::to_float(heed::dtype::q8_0, block, 32, values);    // 34 bytes into 32 floats
//   heed::detail::from_float(heed::dtype::q8_0, values, 32, block);  // and back
#pragma once

#include <heed/simd/simd.hpp>               // simd
#include <heed/storage/blocks_of_32.hpp>    // q4_0_block ... q8_0_block
#include <heed/storage/dtype.hpp>           // dtype
#include <heed/storage/float8.hpp>          // float_of_e4m3, float_of_e5m2
#include <heed/storage/k_quants.hpp>        // q2_k_block ... q8_k_block
#include <heed/storage/storage_traits.hpp>  // storage_traits

#include <cstddef>  // byte

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Numbers of type From at any address, one after the other, as numbers of type To.
template <class From, class To>
void convert(const std::byte* from, index count, To* to) {
  constexpr index most = 256;
  From some[most];
  for (index first = 0; first < count; first += most) {
    const index size = (std::min)(most, count - first);
    std::memcpy(static_cast<void*>(some), from + first * index(sizeof(From)),
                static_cast<std::size_t>(size) * sizeof(From));
    index i = 0;
    if constexpr (std::is_same_v<To, float> && storage_traits<From>::of_attention &&
                  !std::is_same_v<From, double>)
      for (; i + simd<To>::size <= size; i += simd<To>::size)
        simd<To>::store(to + first + i, simd<To>::load(some + i));
    for (; i < size; ++i) to[first + i] = static_cast<To>(some[i]);
  }
}

template <class Block>
void decode_blocks(const std::byte* from, index count, float* to) {
  const auto* block = reinterpret_cast<const std::uint8_t*>(from);
  for (index i = 0; i < count / Block::values; ++i)
    Block::decode(block + i * Block::bytes, to + i * Block::values);
}
template <class Block>
void encode_blocks(const float* from, index count, std::byte* to) {
  auto* block = reinterpret_cast<std::uint8_t*>(to);
  for (index i = 0; i < count / Block::values; ++i)
    Block::encode(from + i * Block::values, block + i * Block::bytes);
}

// `count` values, whole blocks, from bytes at any address. Doubles and integers are rounded to the
// nearest float; a boolean is 0 or 1.
template <class Float>
HEED_ONE_COPY void to_float(dtype type, const std::byte* from, index count, Float* to) {
  static_assert(std::is_same_v<Float, float>);  // a template: not compiled where it is not called
  const auto each = [&](auto value_of) {
    for (index i = 0; i < count; ++i) to[i] = value_of(static_cast<std::uint8_t>(from[i]));
  };
  switch (type) {
    case dtype::f64:
      return convert<double>(from, count, to);
    case dtype::f32:
      return convert<float>(from, count, to);
    case dtype::f16:
      return convert<Eigen::half>(from, count, to);
    case dtype::bf16:
      return convert<Eigen::bfloat16>(from, count, to);
    case dtype::f8_e4m3:
      return each(float_of_e4m3);
    case dtype::f8_e5m2:
      return each(float_of_e5m2);
    case dtype::i8:
      return convert<std::int8_t>(from, count, to);
    case dtype::i16:
      return convert<std::int16_t>(from, count, to);
    case dtype::i32:
      return convert<std::int32_t>(from, count, to);
    case dtype::i64:
      return convert<std::int64_t>(from, count, to);
    case dtype::u8:
      return convert<std::uint8_t>(from, count, to);
    case dtype::u16:
      return convert<std::uint16_t>(from, count, to);
    case dtype::u32:
      return convert<std::uint32_t>(from, count, to);
    case dtype::u64:
      return convert<std::uint64_t>(from, count, to);
    case dtype::boolean:
      return each([](std::uint8_t byte) { return byte != 0 ? 1.0f : 0.0f; });
    case dtype::q4_0:
      return decode_blocks<q4_0_block>(from, count, to);
    case dtype::q4_1:
      return decode_blocks<q4_1_block>(from, count, to);
    case dtype::q5_0:
      return decode_blocks<q5_0_block>(from, count, to);
    case dtype::q5_1:
      return decode_blocks<q5_1_block>(from, count, to);
    case dtype::q8_0:
      return decode_blocks<q8_0_block>(from, count, to);
    case dtype::q2_k:
      return decode_blocks<q2_k_block>(from, count, to);
    case dtype::q3_k:
      return decode_blocks<q3_k_block>(from, count, to);
    case dtype::q4_k:
      return decode_blocks<q4_k_block>(from, count, to);
    case dtype::q5_k:
      return decode_blocks<q5_k_block>(from, count, to);
    case dtype::q6_k:
      return decode_blocks<q6_k_block>(from, count, to);
    case dtype::q8_k:
      return decode_blocks<q8_k_block>(from, count, to);
  }
}

// Rounds `count` floats, whole blocks, to a dtype. Returns false, and writes nothing, for a dtype
// that floats are not rounded to: integers, booleans, 8-bit floats and K-quants.
template <class Float>
HEED_ONE_COPY bool from_float(dtype type, const Float* from, index count, std::byte* to) {
  static_assert(std::is_same_v<Float, float>);
  const auto round = [&](auto zero) {
    for (index i = 0; i < count; ++i) {
      const auto rounded = static_cast<decltype(zero)>(from[i]);
      std::memcpy(to + i * index(sizeof rounded), &rounded, sizeof rounded);
    }
  };
  switch (type) {
    case dtype::f64:
      return round(0.0), true;
    case dtype::f32:
      return round(0.0f), true;
    case dtype::f16:
      return round(Eigen::half()), true;
    case dtype::bf16:
      return round(Eigen::bfloat16()), true;
    case dtype::q4_0:
      return encode_blocks<q4_0_block>(from, count, to), true;
    case dtype::q4_1:
      return encode_blocks<q4_1_block>(from, count, to), true;
    case dtype::q5_0:
      return encode_blocks<q5_0_block>(from, count, to), true;
    case dtype::q5_1:
      return encode_blocks<q5_1_block>(from, count, to), true;
    case dtype::q8_0:
      return encode_blocks<q8_0_block>(from, count, to), true;
    default:
      return false;
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
